// What is asked of whom: the tasks' items, and which model stands for which cut.

#include <set>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/score_texts.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::CutStanding;
using findings::Seed;
using findings::StudyRow;

// "600 steps", "600 and 700 steps".
std::string endings_text(const CutStanding& standing, const plan::ArmPlan& arm) {
  std::vector<std::string> steps;
  for (const size_t at : standing.endings()) steps.push_back(with_commas(arm.endings[at].steps));
  return join(steps, " and ");
}

std::string shares_of_baseline(const CutStanding& standing) {
  if (standing.cut == "loss") return standing.above ? "reached" : "not reached";
  std::vector<std::string> shares;
  if (standing.below) shares.push_back(findings::times(standing.share_below));
  if (standing.above && !standing.is_equal())
    shares.push_back(findings::times(standing.share_above));
  return join(shares, " and ");
}

void add_standing(const StudyRow& row, const Seed& seed, size_t index, size_t cut,
                  const std::string& cut_name, Table& table) {
  const plan::ArmPlan& arm = seed.runs.cell().arms[index];
  std::vector<TableCell> cells = {row.text(seed), arm.title, cut_name};
  if (const auto& standing = seed.cuts[index][cut]) {
    const std::string remark = findings::cut_remark(*standing, arm);
    cells.emplace_back(endings_text(*standing, arm));
    cells.emplace_back(shares_of_baseline(*standing));
    cells.emplace_back(remark.empty() ? "an equal ending" : remark);
  } else {
    const findings::Status* obstacle = row.obstacle();
    cells.emplace_back("-");
    cells.emplace_back("-");
    cells.emplace_back(obstacle ? findings::obstacle_text(*obstacle)
                                : std::string("a device has no price"));
  }
  table.add(std::move(cells),
            index == other_arms(seed.runs.cell()).front() && cut == 0 && !table.rows.empty());
}

// Of the task's definition: a package, an address, files, or the corpus.
std::string origin_of(const config::Task& task) {
  if (task.is_made()) return "the corpus' test split";
  const std::string& version = task.source.version;
  return version.empty() ? task.source.name : task.source.name + " " + version;
}

}  // namespace

Table tasks(const Study& study) {
  Table table;
  table.columns = {{.heading = "task", .align = Align::left},
                   {.heading = "items of", .align = Align::left},
                   {.heading = "split", .align = Align::left},
                   {.heading = "worked examples"},
                   {.heading = "items"},
                   {.heading = "directory", .align = Align::left},
                   {.heading = "fingerprint", .align = Align::left}};
  std::set<size_t> seen;
  for (const plan::Cell& cell : study.plan.cells)
    for (size_t i = 0; i < cell.tasks.size(); ++i) {
      if (!seen.insert(cell.tasks[i]).second) continue;
      const std::string& name = study.experiment().evaluate.tasks[i];
      const findings::JobOutcome& outcome = study.outcomes[cell.tasks[i]];
      const auto& made = outcome.item_making;
      const auto count = [&](int64_t number) {
        return made ? TableCell(with_commas(number), static_cast<double>(number)) : TableCell("-");
      };
      table.add({findings::task_title(study, name),
                 origin_of(study.experiment().task_entries.at(name)), made ? made->split : "-",
                 count(made ? made->shots : 0), count(made ? made->items : 0),
                 outcome.status.directory,
                 made ? made->fingerprint.substr(0, 16) : outcome.status.text()});
    }
  table.notes = {"fingerprint: SHA-256 of every item's context, choices and right one"};
  return table;
}

Table cut_standings(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "arm", .align = Align::left},
                   {.heading = "equal", .align = Align::left},
                   {.heading = "steps of its last phase", .align = Align::left},
                   {.heading = "of the baseline's", .align = Align::left},
                   {.heading = "what stands for it", .align = Align::left}};
  const auto& cuts = study.experiment().evaluate.cuts;
  if (study.experiment().evaluate.tasks.empty()) return table;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t arm : other_arms(seed.runs.cell()))
        for (size_t cut = 0; cut < cuts.size(); ++cut)
          add_standing(row, seed, arm, cut, cuts[cut], table);
  table.notes = {
      "more training is taken not to lower a score: of an arm whose longest ending has less than "
      "the baseline, its score is at least that; of one whose shortest has more, at most"};
  return table;
}

}  // namespace repro::report
