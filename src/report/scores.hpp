#pragma once
// The view of scores on downstream tasks: tasks x metrics x cuts, the paper's numbers beside ours,
// and the sentences below it.

#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/table.hpp"

namespace repro::report {

Table make_scores_view(const findings::Study& study, const std::vector<findings::Finding>& found);

// What the cuts are, and that the choice is ours.
std::vector<std::string> cuts_note(const findings::Study& study);
// How many of the scores are no better than guesses; which of the paper's percentages no count
// prints; how many items it takes to see a point.
std::vector<std::string> scores_note(const findings::Study& study);
// "ARC-e, acc: full training: within noise of chance (25.0 %)", one a score; none without tasks.
std::vector<std::string> score_doubts(const findings::Study& study);

}  // namespace repro::report
