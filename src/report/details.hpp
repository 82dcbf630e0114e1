#pragma once
// The tables behind the table: what each number rests on, for the reader who doubts it. They go
// into the Markdown, HTML and LaTeX reports, below the view.

#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/page.hpp"

namespace repro::report {

using findings::Finding;
using findings::Study;

Table every_number(const std::vector<Finding>& found);    // paper, here, ratio, verdict, reason
Table findings_table(const std::vector<Finding>& found);  // the same for machines, no notes
Table work_ratios(const Study& study);                    // steps, samples, FLOPs, hours: both
Table steps_to_target(const Study& study);                // the ladder, rung by rung
Table model_quality(const Study& study);                  // four measures of each trained model
Table tasks(const Study& study);                          // items, worked examples, fingerprints
Table task_scores(const Study& study);                    // accuracies, guesses, predictions
Table task_pairs(const Study& study);                     // both arms on the same items
Table cut_standings(const Study& study);                  // which ending stands for which cut
Table costs(const Study& study);                          // by accounting, with overheads
Table wall_clock(const Study& study);                     // by phase and kind of time
Table utilisation(const Study& study);                    // FLOP/s and MFU by convention and peak
Table method_internals(const Study& study);               // clusters, merge, data order
Table epochs(const Study& study);                         // how often each run saw its text
Table baseline_checks(const Study& study);                // other rates, seeds, start
Table equal_work(const Study& study);                     // equal samples, FLOPs, hours, dollars
Table differences(const Study& study);                    // from the paper, with their origin
Table arm_differences(const Study& study);                // between the arms, field by field
Table corpora(const Study& study);                        // what stood in for what
Table runs(const Study& study);                           // directories and states

// For machines: "measured", "none"; and what `here` is of the true number: "=", "<=", ">=", "none".
std::string evidence_key(const Finding& finding);
std::string bound_of(const Finding& finding);

// "Qwen / C4 > web, seed 1": the row, with the seed where there are several and the arm where it is
// not the only one besides the baseline.
std::string label_of(const findings::StudyRow& row, const findings::Seed& seed, size_t arm);
// Indices of the arms besides the baseline.
std::vector<size_t> other_arms(const plan::Cell& cell);
// One job of a phase: its title, with its number or its steps.
std::string job_title(const plan::Cell& cell, const plan::ArmPlan& arm,
                      const plan::PhasePlan& phase, size_t index);
// Symbols of the phases that are billed, joined: "S+F".
std::string symbols_of(const plan::ArmPlan& arm);

}  // namespace repro::report
