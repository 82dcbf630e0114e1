#include "report/view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::report {

std::string Footnotes::mark(const std::string& text) {
  for (const Footnote& note : table_.footnotes)
    if (note.text == text) return note.mark;
  const size_t number = table_.footnotes.size();
  const std::string mark =
      number < 26 ? std::string(1, static_cast<char>('a' + number)) : std::to_string(number + 1);
  table_.footnotes.push_back({mark, text});
  return mark;
}

bool starts_new_model(const Study& study, const StudyRow& row) {
  return &row != &study.rows.front() && (&row - 1)->model != row.model;
}

std::string bound_sign(const StudyRow& row) {
  if (row.count(measure::Outcome::at_most) == row.seeds.size()) return "<= ";
  if (row.count(measure::Outcome::not_reached) == row.seeds.size()) return ">= ";
  return "";
}

std::string row_remark(const StudyRow& row, const measure::Judgement& judgement) {
  if (!row.compared()) return judgement.reason;
  const size_t missed = row.count(measure::Outcome::not_reached);
  if (missed == row.seeds.size())
    return fmt::format("not reached: the longest fine-tune ended at {} steps above the target",
                       with_commas(row.first()->to_target.by));
  if (missed > 0)
    return fmt::format("{} of {} seeds did not reach the target", missed, row.seeds.size());
  if (row.count(measure::Outcome::at_most) == row.seeds.size())
    return fmt::format("reached by the shortest fine-tune already, {} steps: fewer may do",
                       with_commas(row.first()->to_target.by));
  return "";
}

std::string scope_text(const Study& study) {
  const config::Experiment& experiment = study.experiment();
  std::vector<std::string> parts;
  parts.push_back((experiment.scale.stand_in ? "STAND-IN scale " : "scale ") +
                  experiment.scale.name);
  std::vector<std::string> stand_ins;
  for (const StudyRow& row : study.rows) {
    const bool known =
        std::find(stand_ins.begin(), stand_ins.end(), row.stand_in) != stand_ins.end();
    if (!row.stand_in.empty() && !known) stand_ins.push_back(row.stand_in);
  }
  parts.push_back(stand_ins.empty() ? "the paper's corpora"
                                    : "STAND-IN corpora " + join(stand_ins, "/"));
  const size_t seeds = experiment.seeds.size();
  parts.push_back(seeds == 1 ? "1 seed" : fmt::format("{} seeds", seeds));
  return join(parts, ", ");
}

std::string progress_text(const Study& study) {
  int64_t reached = 0, compared = 0, failed = 0;
  for (const StudyRow& row : study.rows) {
    compared += row.compared();
    const Status* obstacle = row.obstacle();
    failed += obstacle && obstacle->state == run::State::failed;
    reached += row.compared() && std::all_of(row.comparisons.begin(), row.comparisons.end(),
                                             [](const auto& one) { return one->reached(); });
  }
  return fmt::format("cells: {} of {} measured, {} of them reach the target{}", compared,
                     study.rows.size(), reached, failed ? fmt::format(", {} failed", failed) : "");
}

View make_view(const Study& study, const std::vector<Finding>& findings) {
  const std::string& view = study.experiment().view;
  if (view == "table1") return table1_view(study, findings);
  if (view == "table3") return table3_view(study, findings);
  if (view == "table6") return table6_view(study, findings);
  throw Error("unknown view '{}' (known: table1, table3, table6)", view);
}

}  // namespace repro::report
