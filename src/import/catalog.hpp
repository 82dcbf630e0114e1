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
  int64_t bad = 0;                    // of them: rows that cannot be read
  std::vector<std::string> warnings;  // "file:line: ..." of rows left out, repaired or doubtful
};
// SkyPilot catalog CSV (columns found by header name; prices per instance), or gpuhunt's offers as
// CSV or a JSON list, told apart by content. A host and its GPU in rows of their own (GCP) are
// added up where the host's name says which GPUs it carries. A row that cannot be read is counted
// and left out. Error "file:line: what, and the way out" for a missing column, or the first bad row
// when no offer is left.
CatalogImport import_catalog(const std::filesystem::path& path, const std::string& provider,
                             const std::string& date);

}  // namespace repro::imports
