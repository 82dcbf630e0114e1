#pragma once
// A cost table priced again, as a table, a picture and JSON.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "claims/price_table.hpp"
#include "config/prices.hpp"
#include "report/figure.hpp"
#include "report/page.hpp"
#include "report/table.hpp"

namespace repro::cli {

// A pair of offers of a snapshot: a price ratio that can be had.
struct OfferedRatio {
  std::string low, high;  // "vast 0.40"
  double price_ratio = 0;
};
std::vector<OfferedRatio> offered_ratios(const config::PriceSnapshot& snapshot,
                                         const std::string& low, const std::string& high);

// The table as `repro price` prices it when nothing else is asked, by this snapshot. Error for a
// table that no claims, or several, say how to price.
claims::PricedTable priced_as_published(const std::filesystem::path& root, const std::string& table,
                                        const std::string& prices);
// Every step from hours to the saving of one row, a line each: hours and what they rest on,
// dollars, the saving as a line in the ratio of prices, what is printed.
std::vector<std::string> price_steps(const claims::PricedTable& priced,
                                     const claims::PricedRow& row);

// What a reader of the numbers alone must be told: what is not included, profiles that are not
// certified, hours that cannot be true, rows without a price.
std::vector<std::string> price_doubts(const claims::PricedTable& priced);
// Each number is marked by its evidence.
report::Table price_rows(const claims::PricedTable& priced);
// The hours that the costs rest on, and what those rest on.
report::Table price_hours(const claims::PricedTable& priced);
// All of it as plain columns, for CSV.
report::Table price_list(const claims::PricedTable& priced);
// What would have to be true for a saving here.
report::Table price_conditions(const claims::PricedTable& priced);
// Saving over the price ratio, one panel a model, with the paper's point, the break-even and
// offers.
report::Picture price_picture(const claims::PricedTable& priced,
                              const std::vector<OfferedRatio>& offers);
nlohmann::json price_json(const claims::PricedTable& priced,
                          const std::vector<OfferedRatio>& offers);

}  // namespace repro::cli
