#pragma once
// The views: the paper's table with ours beside it, small enough for one screen, and the sentences
// below it that say under which conditions it holds.

#include <string>
#include <vector>

#include "report/finding.hpp"
#include "report/study.hpp"
#include "report/table.hpp"

namespace repro::report {

struct View {
  Table table;
  std::vector<std::string> sentences;
};

// The view that the experiment names.
View make_view(const Study& study, const std::vector<Finding>& findings);

View table1_view(const Study& study, const std::vector<Finding>& findings);
View table3_view(const Study& study, const std::vector<Finding>& findings);
View table6_view(const Study& study, const std::vector<Finding>& findings);

// The row's model is not that of the row before: a rule goes between them.
bool starts_new_model(const Study& study, const StudyRow& row);
// "<= " or ">= " when all seeds are bounded on the same side in steps, else "".
std::string bound_sign(const StudyRow& row);
// What a reader must know of a row beside its numbers: why it has none, or why it has only a bound.
std::string row_remark(const StudyRow& row, const measure::Judgement& judgement);

// "stand-in scale mini (...), stand-in corpora web, wiki, prose; 1 seed": the first line of all.
std::string scope_text(const Study& study);
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
