#pragma once
// The tables behind the table: what each number rests on, for the reader who doubts it. They go
// into the Markdown, HTML and LaTeX reports, below the view.

#include <vector>

#include "report/document.hpp"
#include "report/finding.hpp"
#include "report/study.hpp"

namespace repro::report {

Table every_number(const std::vector<Finding>& findings);    // paper, here, ratio, verdict, reason
Table findings_table(const std::vector<Finding>& findings);  // the same for machines, no notes
Table work_ratios(const Study& study);                       // steps, samples, FLOPs, hours: both
Table steps_to_target(const Study& study);                   // the ladder, rung by rung
Table model_quality(const Study& study);                     // four measures of each trained model
Table costs(const Study& study);                             // by accounting, with overheads
Table wall_clock(const Study& study);                        // by phase and kind of time
Table utilisation(const Study& study);       // FLOP/s and MFU by convention and peak
Table method_internals(const Study& study);  // clusters, merge, data order
Table equal_work(const Study& study);        // the arms at equal steps, samples
Table differences(const Study& study);       // from the paper, with their origin
Table corpora(const Study& study);           // what stood in for what
Table runs(const Study& study);              // directories and states

}  // namespace repro::report
