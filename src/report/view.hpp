#pragma once
// The view: the paper's table with ours beside it, small enough for one screen. Which columns it
// has and which notes stand below is said by the claims file ([[view]]); how they are shown, here.

#include <string>
#include <vector>

#include "findings/findings.hpp"
#include "report/table.hpp"

namespace repro::report {

// What the experiment's view shows; its notes say under which conditions it holds.
Table make_view(const findings::Study& study, const std::vector<findings::Finding>& found);

// The quantity whose verdict a row shows; null in a view of scores, of which each line has its own.
const claims::Quantity* judged_quantity(const findings::Study& study);

// What a reader must know of a row beside the number that is judged: why it has none, or why it is
// only a bound.
std::string row_remark(const findings::StudyRow& row, const findings::Finding& verdict);

// The view's dollars are all below one, so that it shows cents.
bool shows_cents(const findings::Study& study, const std::vector<findings::Finding>& found);

// "STAND-IN scale mini, STAND-IN corpora web/wiki/books, 1 seed": in the first line of all.
std::string scope_text(const findings::Study& study);
// "measured on AMD EPYC, 2 cores": the machines that the runs recorded; "" when they recorded none.
std::string machine_text(const findings::Study& study);
// "target: the full arm's unseen loss (2,048 windows of the valid split) + 0.005 nats".
std::string target_text(const findings::Study& study);
// "4 of 6 cells reach the target" and what keeps the others from it.
std::string progress_text(const findings::Study& study);

// The row's model is not that of the row before: a rule goes between them.
bool starts_new_model(const findings::Study& study, const findings::StudyRow& row);

// The sentences that a view may name: "target", "measures", "steps", "prices", "costs", "timing",
// "break_even", "time", "share", "budget", "equal_work", "saved", "trend", "verdicts"; each may be
// several lines or none. Error for another name.
std::vector<std::string> note(const std::string& name, const findings::Study& study,
                              const std::vector<findings::Finding>& found);

// The first caveat: how fast the devices are taken to be beside each other, from where, and what
// the judged quantity would be at other speeds. None where it does not depend on that.
std::vector<std::string> speed_note(const findings::Study& study);

// What the checks of the baselines say, and which arm ends lower at equal work; none under a
// budget.
std::vector<std::string> fairness_notes(const findings::Study& study);

// "ARM against BASELINE: equal samples 0.012 nats lower (clear in 1 of 2 cells); equal
// FLOPs ...", a line an arm at its own rate, and where rates were tried one with both at their
// best.
std::vector<std::string> equal_work_notes(const findings::Study& study);

// A paragraph a cell: how many steps of its last phase the first arm besides the baseline saves
// against the baseline with as many samples, FLOPs or dollars, each at its best rate of those
// tried, and which of the two ends lower.
std::vector<std::string> saved_notes(const findings::Study& study);

// Every number of the view that the paper has too, with its interval and verdict, a line each.
std::vector<std::string> verdict_notes(const findings::Study& study,
                                       const std::vector<findings::Finding>& found);

// The judged quantity as a power of the models' width, a line a corpus, and what that would be at
// the paper's width: extrapolated, and said to say nothing where its interval is too wide.
std::vector<std::string> trend_notes(const findings::Study& study);

// "profile 'mine' is not certified: ...", of each that the numbers rest on.
std::vector<std::string> profile_doubts(const findings::Study& study);

// What a reader of the numbers alone must be told, as the text tells it: what stands in,
// uncertified profiles, the speed assumed, a baseline that fails or is not checked, unsteady
// clocks, and each row's remark.
std::vector<std::string> doubts(const findings::Study& study,
                                const std::vector<findings::Finding>& found);

// Footnote marks a, b, ...: equal texts share one.
class Footnotes {
 public:
  explicit Footnotes(Table& table) : table_(table) {}
  std::string mark(const std::string& text);

 private:
  Table& table_;
};

}  // namespace repro::report
