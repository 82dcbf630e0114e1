#pragma once
// Scores on downstream tasks as numbers of a report: of every arm at every cut, and what an arm is
// above the baseline, which is what can be judged.

#include <optional>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/task_gains.hpp"

namespace repro::findings {

struct ScoreFinding {
  Finding finding = {};
  std::optional<measure::Question> question = {};  // empty: not to be judged
  // Of the scores that it rests on, any or all lie within noise of chance or of one constant
  // answer.
  bool some_blind = false, all_blind = false;
};

// Of one row: the baseline's score on each task and metric, then of each question the arm's score
// and its gain.
std::vector<ScoreFinding> score_findings(const Study& study, const StudyRow& row,
                                         const std::vector<TaskGain>& gains);

// What a score of guesses cannot bear out: nothing is reproduced by one, and nothing is decided
// where all are.
void limit_blind(const ScoreFinding& score, Finding& finding);

}  // namespace repro::findings
