#pragma once
// What scores on downstream tasks are called, what the paper prints of them, and what they rest on.

#include <optional>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/task_gains.hpp"

namespace repro::findings {

// The last part of a finding's id: "arc_easy.acc.ARM.steps", of a gain with ".gain" behind it, of
// the baseline "arc_easy.acc.ARM".
std::string baseline_score_name(const Study& study, const TaskQuestion& question);
std::string score_name(const Study& study, const TaskQuestion& question);
std::string gain_name(const Study& study, const TaskQuestion& question);
bool is_gain(const Finding& finding);  // by its id

// The paper's, in parts of one; empty where the view names no table with that cell, arm and task.
std::optional<double> paper_score(const Study& study, const StudyRow& row, const std::string& task,
                                  const std::string& arm);
// "27.9: 662 to 664 of 2,376"; "52.25: no count of 1,838 items prints so": which numbers of right
// answers a printed percentage may be. Empty where the paper gives none.
std::string printed_counts(const Study& study, const StudyRow& row, const std::string& task,
                           const std::string& arm);

// "ARC-e", "Next passage": as the claims call it, else as its definition does.
std::string task_title(const Study& study, const std::string& task);
// The arm's title, with its reading where that is not as it was trained.
std::string arm_title(const Study& study, const TaskQuestion& question);
// What a reader must know of an arm that has no ending equal to the baseline there; "" where it
// has.
std::string cut_remark(const CutStanding& standing, const plan::ArmPlan& arm);

// What a gain was computed from, seed by seed, for who asks for one number.
std::vector<std::string> score_lines(const Study& study, const TaskGain& gain);

}  // namespace repro::findings
