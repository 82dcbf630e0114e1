#include "report/view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

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
  if (row.all(measure::Outcome::at_most)) return "<= ";
  return row.all(measure::Outcome::not_reached) ? ">= " : "";
}

std::string row_remark(const StudyRow& row, const measure::Judgement& judgement) {
  const Seed* first = row.first();
  if (!first) return judgement.reason;
  const size_t compared = row.compared().size();
  const size_t missed = row.count(measure::Outcome::not_reached);
  const std::string steps = with_commas(first->comparison->to_target.by);
  std::string remark;
  if (missed == compared)
    remark = "not reached: the longest fine-tune ended at " + steps + " steps above the target";
  else if (missed > 0)
    remark = fmt::format("{} of {} seeds did not reach the target", missed, compared);
  else if (row.all(measure::Outcome::at_most))
    remark = "reached by the shortest fine-tune already, " + steps + " steps: fewer may do";
  if (compared == row.seeds.size()) return remark;
  return fmt::format("{}{} of {} seeds measured, one is {}", remark.empty() ? "" : remark + "; ",
                     compared, row.seeds.size(), obstacle_text(*row.obstacle()));
}

std::string scope_text(const Study& study) {
  const config::Experiment& experiment = study.experiment();
  std::vector<std::string> stand_ins;
  for (const StudyRow& row : study.rows) {
    const bool known =
        std::find(stand_ins.begin(), stand_ins.end(), row.stand_in) != stand_ins.end();
    if (!row.stand_in.empty() && !known) stand_ins.push_back(row.stand_in);
  }
  const std::string scale = experiment.scale.stand_in ? "STAND-IN scale " + experiment.scale.name
                                                      : std::string("the paper's scale");
  const std::string corpora = stand_ins.empty() ? std::string("the paper's corpora")
                                                : "STAND-IN corpora " + join(stand_ins, "/");
  const size_t seeds = experiment.seeds.size();
  return fmt::format("{}, {}, {} seed{}", scale, corpora, seeds, seeds == 1 ? "" : "s");
}

std::string machine_text(const Study& study) {
  std::set<std::string> machines;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      if (!seed.cell.full.machine.empty()) machines.insert(seed.cell.full.machine);
  return join({machines.begin(), machines.end()}, "; ");
}

std::string progress_text(const Study& study) {
  int64_t reached = 0, compared = 0, failed = 0;
  for (const StudyRow& row : study.rows) {
    compared += row.first() != nullptr;
    const Status* obstacle = row.obstacle();
    failed += obstacle && obstacle->state == run::State::failed;
    reached += row.first() && row.count(measure::Outcome::not_reached) == 0;
  }
  return fmt::format("cells: {} of {} measured, {} of them reach the target{}", compared,
                     study.rows.size(), reached, failed ? fmt::format(", {} failed", failed) : "");
}

Table make_view(const Study& study, const std::vector<Finding>& findings) {
  const std::string& view = study.experiment().view;
  if (view == "table1") return table1_view(study, findings);
  if (view == "table3") return table3_view(study, findings);
  if (view == "table6") return table6_view(study, findings);
  throw Error("unknown view '{}' (known: table1, table3, table6)", view);
}

}  // namespace repro::report
