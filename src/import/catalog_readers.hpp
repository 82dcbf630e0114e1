#pragma once
// The catalogs that are known, each a reader of rows into offers.

#include <string>

#include "import/csv.hpp"
#include "import/offers.hpp"

namespace repro::imports {

// SkyPilot's CSV; Error for a missing column, or a provider that nobody named.
void read_skypilot(const CsvTable& table, OfferList& offers);
// gpuhunt's offers as CSV, and as a JSON list.
void read_gpuhunt_rows(const CsvTable& table, OfferList& offers);
void read_gpuhunt_list(const std::string& text, OfferList& offers);

}  // namespace repro::imports
