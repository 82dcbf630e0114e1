#pragma once
// What would settle a report that is open: runs that are missing, more seeds, the paper's own
// scale, each as a command with what it takes by the forecast.

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/card.hpp"

namespace repro::cli {

// Nothing where the report is settled. `prices` names the snapshot that dollars are of.
std::vector<report::CardStep> ways_to_settle(const Context& context, const ExperimentChoice& choice,
                                             const std::string& prices,
                                             const findings::Study& study,
                                             const std::vector<findings::Finding>& found);

}  // namespace repro::cli
