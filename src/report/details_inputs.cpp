#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/text.hpp"
#include "config/job_spec.hpp"
#include "findings/numbers.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::fixed;
using findings::loss_text;
using findings::Seed;
using findings::StudyRow;
using nlohmann::json;

std::string counts_text(const std::vector<int64_t>& counts) {
  std::vector<std::string> parts;
  for (int64_t count : counts) parts.push_back(with_commas(count));
  return join(parts, " ");
}

// In percent of their sum.
std::string shares_text(const std::vector<int64_t>& counts) {
  const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  std::vector<std::string> parts;
  for (const int64_t count : counts)
    parts.push_back(fixed(100 * static_cast<double>(count) / std::max(all, 1.0), 1));
  return join(parts, " ");
}

std::string gamma_text(const std::vector<double>& gamma) {
  std::vector<std::string> parts;
  for (double share : gamma) parts.push_back(fixed(share, 3));
  return join(parts, " ");
}

// Smallest and largest over pairs of different parts.
std::string cosine_text(const std::vector<std::vector<double>>& cosine) {
  double low = 2, high = -2;
  for (size_t i = 0; i < cosine.size(); ++i)
    for (size_t j = 0; j < cosine[i].size(); ++j) {
      if (i == j) continue;
      low = std::min(low, cosine[i][j]);
      high = std::max(high, cosine[i][j]);
    }
  return low > high ? "-" : fmt::format("{} to {}", fixed(low, 4), fixed(high, 4));
}

std::string order_text(const findings::OrderProof& order) {
  if (order.first_difference)
    return fmt::format("DIFFERENT from step {}", with_commas(*order.first_difference));
  return fmt::format("equal over {} steps", with_commas(order.compared));
}

void fill_job(const findings::JobOutcome& outcome, std::vector<TableCell>& cells) {
  if (outcome.kind == "cluster") {
    cells[1] = outcome.status.text();
    if (const auto& clusters = outcome.clustering) {
      cells[1] = counts_text(clusters->documents);
      cells[2] = counts_text(clusters->tokens);
      cells[3] = shares_text(clusters->tokens);
      cells[4] = {fixed(clusters->variance_explained, 3), clusters->variance_explained};
    }
  }
  if (outcome.kind == "merge") {
    cells[5] = outcome.status.text();
    if (const auto& merged = outcome.merging) {
      cells[5] = gamma_text(merged->gamma);
      cells[6] = cosine_text(merged->backbone_cosine);
    }
  }
  if (const auto& evaluation = outcome.evaluation)
    for (const auto& [at, measure] : {std::pair{7, "train"}, {8, "unseen"}})
      if (const auto found = evaluation->measures.find(measure);
          found != evaluation->measures.end())
        cells[at] = {loss_text(found->second.loss), found->second.loss};
}

void add_internals(const StudyRow& row, const Seed& seed, size_t index, Table& table) {
  const plan::ArmPlan& arm = seed.runs.cell().arms[index];
  std::vector<TableCell> cells(table.columns.size(), "-");
  cells[0] = label_of(row, seed, index);
  for (const plan::PhasePlan& phase : arm.phases) {
    for (const size_t job : phase.jobs) fill_job(seed.runs[job], cells);
    if (phase.leaves.empty()) continue;
    for (const size_t job : phase.evals) fill_job(seed.runs[job], cells);
  }
  if (seed.comparison && seed.comparison->arms[index])
    if (const auto& order = seed.comparison->arms[index]->order) cells[9] = order_text(*order);
  table.add(std::move(cells));
}

// What clusterings say of themselves, once each.
std::vector<std::string> warnings(const Study& study) {
  std::vector<std::string> lines;
  for (size_t job = 0; job < study.outcomes.size(); ++job)
    if (const auto& clustering = study.outcomes[job].clustering)
      for (const std::string& warning : clustering->warnings)
        lines.push_back(study.plan.graph[job].name + ": " + warning);
  return lines;
}

// What the first arm of such phases leaves last and has measured.
std::string leaves_of(const plan::Cell& cell) {
  for (const plan::ArmPlan& arm : cell.arms)
    for (auto phase = arm.phases.rbegin(); phase != arm.phases.rend(); ++phase)
      if (!phase->leaves.empty()) return phase->leaves;
  return "before the last phase";
}

// Every field of a training, flat: "optimizer.lr" -> 0.0003.
std::map<std::string, std::string> fields_of(const run::Job& job) {
  const auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  std::map<std::string, std::string> fields;
  const json flat = config::to_full_json(spec).flatten();
  for (const auto& [pointer, value] : flat.items()) {
    std::string path = pointer.substr(1);
    std::replace(path.begin(), path.end(), '/', '.');
    fields[path] = value.dump();
  }
  fields["starts from"] =
      job.inputs.contains("initial") ? "weights of the phase before" : "scratch";
  return fields;
}

void add_phase_differences(const std::string& label, const run::Job& reference, const run::Job& job,
                           Table& table) {
  const auto theirs = fields_of(reference), ours = fields_of(job);
  std::set<std::string> paths;
  for (const auto& [path, value] : theirs) paths.insert(path);
  for (const auto& [path, value] : ours) paths.insert(path);
  const auto value = [](const std::map<std::string, std::string>& fields, const std::string& path) {
    const auto at = fields.find(path);
    return at == fields.end() ? std::string("-") : at->second;
  };
  bool first = !table.rows.empty();
  for (const std::string& path : paths) {
    if (value(theirs, path) == value(ours, path)) continue;
    table.add({label, path, value(theirs, path), value(ours, path)}, first);
    first = false;
  }
}

}  // namespace

Table method_internals(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const std::string leaves = leaves_of(cell);
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "documents", .group = "clusters", .align = Align::left},
                   {.heading = "tokens", .group = "clusters", .align = Align::left},
                   {.heading = "share of tokens, %", .group = "clusters", .align = Align::left},
                   {.heading = "variance explained", .group = "clusters"},
                   {.heading = "gamma", .group = "merge", .align = Align::left},
                   {.heading = "cosine of shared parts", .group = "merge"},
                   {.heading = "train loss", .group = leaves},
                   {.heading = "valid loss", .group = leaves},
                   {.heading = fmt::format("data order, {} and {}", study.baseline().name,
                                           cell.arms[other_arms(cell).front()].last().title),
                    .align = Align::left}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const size_t arm : other_arms(seed.runs.cell())) add_internals(row, seed, arm, table);
  table.notes = warnings(study);
  table.notes.push_back(
      "data order: the rolling hash of the token ids that both arms recorded, step by step");
  return table;
}

Table differences(const Study& study) {
  Table table;
  table.columns = {{.heading = "value", .align = Align::left},
                   {.heading = "paper", .align = Align::left},
                   {.heading = "here", .align = Align::left},
                   {.heading = "set by", .align = Align::left}};
  for (const plan::Difference& difference : study.experiment().differences)
    table.add({difference.path, difference.paper, difference.here, difference.origin});
  return table;
}

// Of the first cell: arms differ in the same fields in all of them.
Table arm_differences(const Study& study) {
  const plan::Cell& cell = study.plan.cells.front();
  const auto& graph = study.plan.graph;
  const run::Job& reference = graph[study.baseline().endings[cell.reference].job];
  Table table;
  table.columns = {{.heading = "arm and phase", .align = Align::left},
                   {.heading = "field", .align = Align::left},
                   {.heading = study.baseline().name, .align = Align::left, .key = "baseline"},
                   {.heading = "there", .align = Align::left}};
  for (const size_t index : other_arms(cell)) {
    const plan::ArmPlan& arm = cell.arms[index];
    for (const plan::PhasePlan& phase : arm.phases) {
      if (phase.jobs.empty() || graph[phase.jobs.front()].kind != "train") continue;
      const std::string label =
          phase.title == arm.name ? arm.name : fmt::format("{}, {}", arm.name, phase.title);
      add_phase_differences(label, reference, graph[phase.jobs.back()], table);
    }
  }
  table.notes = {
      fmt::format("fields of {}: whatever is not listed is the same in all arms; of jobs "
                  "side by side and of ladders the last",
                  cell.name())};
  return table;
}

// "test 0.0 %, valid 0.3 %".
std::string overlap_text(const findings::Preparing& preparing) {
  std::vector<std::string> parts;
  for (const auto& [split, share] : preparing.overlap)
    parts.push_back(fmt::format("{} {:.1f} %", split, 100 * share));
  return join(parts, ", ");
}

Table corpora(const Study& study) {
  Table table;
  table.columns = {{.heading = "role", .align = Align::left},
                   {.heading = "corpus", .align = Align::left},
                   {.heading = "what it is", .align = Align::left},
                   {.heading = "licence", .align = Align::left},
                   {.heading = "packages", .align = Align::left},
                   {.heading = "held out, seen in train", .align = Align::left},
                   {.heading = "fingerprint", .align = Align::left}};
  table.notes = {
      "held out, seen in train: share of the held-out words that stand in a run of 13 "
      "words that train holds too"};
  std::set<std::string> seen;
  for (const StudyRow& row : study.rows) {
    if (!seen.insert(row.corpus).second) continue;
    const config::Corpus& corpus = study.experiment().corpus_entries.at(row.corpus);
    const auto& runs = row.seeds.front().runs;
    const findings::JobOutcome& prepare = runs[runs.cell().prepare];
    table.add(
        {row.corpus_title, corpus.name, corpus.title, corpus.licence,
         prepare.preparing ? join(prepare.preparing->packages, ", ") : "",
         prepare.preparing ? overlap_text(*prepare.preparing) : "",
         prepare.preparing ? prepare.preparing->fingerprint.substr(0, 16) : prepare.status.text()});
  }
  return table;
}

Table runs(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "job", .align = Align::left},
                   {.heading = "directory", .align = Align::left},
                   {.heading = "state", .align = Align::left}};
  std::set<std::string> seen;
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds)
      for (const plan::CellJob& one : plan::jobs_of(seed.runs.cell())) {
        const findings::Status& status = seed.runs[one.job].status;
        if ((status.done() || status.wanted) && seen.insert(status.directory).second)
          table.add({row.text(seed), one.title, status.directory, findings::obstacle_text(status)});
      }
  return table;
}

}  // namespace repro::report
