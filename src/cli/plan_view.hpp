#pragma once
// The rows of a plan as tables and warnings.

#include <string>
#include <vector>

#include "forecast/plan_rows.hpp"
#include "report/table.hpp"

namespace repro::cli {

report::Table plan_table(const plan::Plan& plan, const std::vector<forecast::PlanRow>& rows,
                         const forecast::PlanBasis& basis);

// A line for each model and phase whose state and activations exceed its profile's memory, by the
// formula at 16, 12 and 8 bytes a parameter.
std::vector<std::string> memory_warnings(const std::vector<forecast::PlanRow>& rows,
                                         const forecast::PlanBasis& basis);

}  // namespace repro::cli
