#pragma once
// Price catalogs that others publish -> a dated snapshot of offers. Nothing is ever fetched.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/prices.hpp"

namespace repro::imports {

// A catalog read: the offers, and the rows that are not for a known GPU or carry no usable price.
struct CatalogImport {
  config::PriceSnapshot snapshot;
  int64_t rows = 0;
  int64_t skipped = 0;                // no accelerator, unknown GPU, or no price
  std::vector<std::string> warnings;  // "file:line: ..." of rows that were repaired or doubtful
};
// SkyPilot catalog CSV (columns found by header name; prices per instance) or a gpuhunt JSON list
// of offers, told apart by content. Error "file:line: what, and the way out" for a missing column,
// a row with too few cells, or a negative or unreadable price.
CatalogImport import_catalog(const std::filesystem::path& path, const std::string& provider,
                             const std::string& date);

}  // namespace repro::imports
