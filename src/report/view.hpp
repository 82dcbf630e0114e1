#pragma once
// The views: the paper's table with ours beside it, small enough for one screen.

#include <string>
#include <vector>

#include "report/finding.hpp"
#include "report/study.hpp"
#include "report/table.hpp"

namespace repro::report {

// The view that the experiment names; its notes say under which conditions it holds.
Table make_view(const Study& study, const std::vector<Finding>& findings);

Table table1_view(const Study& study, const std::vector<Finding>& findings);
Table table3_view(const Study& study, const std::vector<Finding>& findings);
Table table6_view(const Study& study, const std::vector<Finding>& findings);

// The row's model is not that of the row before: a rule goes between them.
bool starts_new_model(const Study& study, const StudyRow& row);
// "<= " or ">= " when all seeds are bounded on the same side in steps, else "".
std::string bound_sign(const StudyRow& row);
// What a reader must know of a row beside its numbers: why it has none, or why it has only a bound.
std::string row_remark(const StudyRow& row, const measure::Judgement& judgement);

// "STAND-IN scale mini, STAND-IN corpora web/wiki/prose, 1 seed": in the first line of all.
std::string scope_text(const Study& study);
// "measured on AMD EPYC, 2 cores": the machines that the runs recorded; "" when they recorded none.
std::string machine_text(const Study& study);
// "4 of 6 cells reach the target" and what keeps the others from it.
std::string progress_text(const Study& study);

// Footnote marks a, b, ...: equal texts share one.
class Footnotes {
 public:
  explicit Footnotes(Table& table) : table_(table) {}
  std::string mark(const std::string& text);

 private:
  Table& table_;
};

}  // namespace repro::report
