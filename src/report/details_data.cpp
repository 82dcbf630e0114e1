// How often each training saw its text: what an epoch is differs from phase to phase.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "report/details.hpp"

namespace repro::report {
namespace {

using findings::CellRuns;
using findings::Seed;
using findings::StudyRow;
using findings::Training;

// Tokens that a training may see: of its part of the documents, or of the whole corpus. Empty when
// that is not known yet.
std::optional<int64_t> tokens_there_are(const CellRuns& runs, size_t job) {
  const run::Job& training = runs.plan().graph[job];
  const auto part = training.spec.value("part", int64_t{-1});
  if (part >= 0) {
    const auto& clustering = runs[training.inputs.at("assignment")].clustering;
    if (!clustering) return std::nullopt;
    return clustering->tokens.at(static_cast<size_t>(part));
  }
  const auto& preparing = runs[training.inputs.at("corpus")].preparing;
  if (!preparing) return std::nullopt;
  return preparing->train_tokens;
}

// As the run says; one that is older than the record by its tokens, which differs by less than a
// window.
double epochs_of(const Training& training, int64_t tokens) {
  if (training.epochs) return *training.epochs;
  return static_cast<double>(training.tokens) / static_cast<double>(tokens);
}

std::string epochs_text(double epochs) { return findings::fixed(epochs, epochs < 1 ? 2 : 1); }

// Of jobs that all read the same text, its size once.
std::string sizes_text(const std::vector<std::string>& sizes) {
  for (const std::string& size : sizes)
    if (size != sizes.front()) return join(sizes, " / ");
  return sizes.empty() ? "-" : sizes.front();
}

void add_phase(const std::string& label, const std::string& title, const CellRuns& runs,
               const plan::PhasePlan& phase, Table& table, bool rule) {
  std::vector<std::string> sizes, seen, epochs;
  for (const size_t job : phase.jobs) {
    const auto tokens = tokens_there_are(runs, job);
    sizes.push_back(tokens ? with_commas(*tokens) : "-");
    const Training* training = runs.training(job);
    seen.push_back(training ? with_commas(training->tokens) : "-");
    epochs.push_back(training && tokens ? epochs_text(epochs_of(*training, *tokens)) : "-");
  }
  table.add({label, title, sizes_text(sizes), join(seen, " / "), join(epochs, " / ")}, rule);
}

void add_cell(const StudyRow& row, const Seed& seed, Table& table) {
  const plan::Cell& cell = seed.runs.cell();
  bool rule = !table.rows.empty();
  for (const plan::ArmPlan& arm : cell.arms)
    for (const plan::PhasePlan& phase : arm.phases) {
      if (phase.jobs.empty() || seed.runs[phase.jobs.front()].kind != "train") continue;
      const std::string title =
          phase.title == arm.name ? arm.name : fmt::format("{}, {}", arm.name, phase.title);
      add_phase(row.text(seed), title, seed.runs, phase, table, rule);
      rule = false;
    }
}

}  // namespace

Table epochs(const Study& study) {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left},
                   {.heading = "arm and phase", .align = Align::left},
                   {.heading = "tokens of its text"},
                   {.heading = "tokens seen", .align = Align::left},
                   {.heading = "epochs", .align = Align::left}};
  for (const StudyRow& row : study.rows)
    for (const Seed& seed : row.seeds) add_cell(row, seed, table);
  table.notes = {
      "one number a run, in the order of the parts or of the horizons; epochs: how often a run saw "
      "the text it was given, its own part or the whole corpus"};
  return table;
}

}  // namespace repro::report
