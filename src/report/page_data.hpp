#pragma once
// What the page's script reads: the figure's curves, and every number that prices move as a
// formula, so that a reader who changes a price sees what the program would have said. All text of
// it is text.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"

namespace repro::report {

// {"figure": null or curves of each cell, "prices": null or formulas}: figure_data() and
// price_data().
nlohmann::json page_data(const findings::Study& study, const std::vector<findings::Finding>& found);

// Null without any run.
nlohmann::json figure_data(const findings::Study& study);

// Null where the judged number does not depend on prices, a device has none, or prices would move
// where the arms stand.
nlohmann::json price_data(const findings::Study& study,
                          const std::vector<findings::Finding>& found);

}  // namespace repro::report
