#pragma once
// Every number that the experiment's view compares with the paper, with its verdict.

#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/judging.hpp"
#include "findings/study.hpp"

namespace repro::findings {

// Every quantity of the view for every row, and the scores on tasks that the experiment asks for;
// all that can be judged are judged together.
std::vector<Finding> findings_of(const Study& study);

// "EXPERIMENT:MODEL:CORPUS:NAME".
std::string finding_id(const Study& study, const StudyRow& row, const std::string& name);
// The view's judged number of every row at other prices, by the same arithmetic and judged among
// all numbers of the view; without inputs. `found` is findings_of(study).
std::vector<Finding> judged_at(const Study& study, const std::vector<Finding>& found,
                               const Prices& prices);

// The quantity's finding for one row among `findings`; repro::check that it is there.
const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity);

}  // namespace repro::findings
