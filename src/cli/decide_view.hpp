#pragma once
// A decision as one sentence, tables and JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/decide_options.hpp"
#include "config/prices.hpp"
#include "report/table.hpp"

namespace repro::cli {

// The same best option and baseline at a snapshot's prices.
struct SnapshotPrice {
  std::string snapshot = {}, title = {}, date = {};
  // By pool; empty = it has none, the given one is kept.
  std::vector<std::optional<double>> prices = {};
  double baseline = 0, method = 0;  // dollars
};
std::vector<SnapshotPrice> snapshot_prices(const Decision& decision,
                                           const std::vector<config::PriceSnapshot>& snapshots);

// "Yes: ...", "No: ...", "Depends: ...".
std::string decision_sentence(const Decision& decision);
// What would have to be otherwise for the answer to turn.
std::vector<std::string> decision_turns(const Decision& decision);
// Each training on each placement: fits, hours, dollars, against the baseline on each pool.
report::Table decision_options(const Decision& decision);
// The best option against the best baseline, cell by cell.
report::Table decision_cells(const Decision& decision);
// Each phase on each pool: memory, speed and what they rest on.
report::Table decision_phases(const Decision& decision);
report::Table decision_snapshots(const Decision& decision,
                                 const std::vector<SnapshotPrice>& prices);
std::vector<std::string> decision_doubts(const Decision& decision);
nlohmann::json decision_json(const Decision& decision, const std::vector<SnapshotPrice>& prices);

report::Table selftest_table(const forecast::SelfTest& test);
std::string selftest_sentence(const forecast::SelfTest& test);
nlohmann::json selftest_json(const forecast::SelfTest& test);

}  // namespace repro::cli
