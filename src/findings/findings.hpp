#pragma once
// Every number that the experiment's view compares with the paper, with its verdict.

#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"

namespace repro::findings {

// Every quantity of the view for every row.
std::vector<Finding> findings_of(const Study& study);

// The quantity's finding for one row among `findings`; repro::check that it is there.
const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity);

// "inconclusive (stand-in)": every verdict on a stand-in says so.
std::string verdict_text(const Finding& finding);

}  // namespace repro::findings
