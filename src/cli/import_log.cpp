#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "claims/claims.hpp"
#include "cli/imported_run.hpp"
#include "cli/numbers_given.hpp"
#include "cli/program.hpp"
#include "cli/target_options.hpp"
#include "cli/verbs.hpp"
#include "config/profile.hpp"
#include "import/foreign_log.hpp"
#include "measure/flops.hpp"
#include "measure/steps_to_target.hpp"

namespace repro::cli {
namespace {

struct ImportChoice {
  fs::path file;
  imports::ForeignLog log;
  fs::path output;
  TargetChoice target;
  bool gate = false;
  int64_t window = 1;  // logged points
  std::string model;   // "CLAIMS:MODEL"
  std::string profile;
  std::string dtype = "bf16";
  std::optional<double> price;  // dollars a device and hour
};

// Answers in the order they are shown; each a text, and a number where it is one.
using Answers = std::vector<std::pair<std::string, report::TableCell>>;

bool reached(const measure::StepsToTarget& crossing) {
  return crossing.reach != measure::Reach::not_reached;
}

// Empty when nothing was logged to compare with the target.
std::optional<measure::StepsToTarget> crossing_of_steps(const run::Records& records,
                                                        const ImportChoice& choice) {
  if (records.steps.empty()) return std::nullopt;
  const measure::LossTarget target{*choice.target.training, choice.target.tolerance};
  return measure::first_crossing(records.step_numbers(), records.lm_losses(), target,
                                 {.window = choice.window, .sustain = 1});
}

std::optional<measure::StepsToTarget> crossing_of_evaluations(const run::Records& records,
                                                              const ImportChoice& choice) {
  std::vector<int64_t> steps;
  std::vector<double> losses;
  for (const run::EvalRecord& record : records.evals) {
    if (record.split != "valid") continue;
    steps.push_back(record.step);
    losses.push_back(record.loss);
  }
  if (steps.empty()) return std::nullopt;
  return measure::first_crossing(steps, losses,
                                 {*choice.target.validation, choice.target.tolerance});
}

config::ModelConfig model_shape(const fs::path& root, const std::string& name) {
  const size_t colon = name.find(':');
  if (colon == std::string::npos)
    throw Error(Exit::usage,
                "--model {}: expected CLAIMS:MODEL, a claims file and the id of a model in it",
                name);
  const claims::Claims claims = claims::find_claims(root, name.substr(0, colon));
  const std::string id = name.substr(colon + 1);
  std::vector<std::string> known;
  for (const claims::ClaimModel& model : claims.models) {
    if (model.id == id) return model.shape;
    known.push_back(model.id);
  }
  throw Error("claims '{}' have no model '{}'; known: {}{}", claims.name, id, join(known, ", "),
              did_you_mean(id, known));
}

// One MFU a convention, each named; without peak or time it says why there is none.
void add_utilisation(Answers& answers, const ImportChoice& choice, const fs::path& root,
                     double tokens_per_second) {
  if (choice.log.sequence < 1)
    throw Error(Exit::usage, "--model needs --sequence, the tokens of a sequence");
  const config::ModelConfig shape = model_shape(root, choice.model);
  const config::Profile profile = config::find_profile(root, choice.profile);
  auto peak = profile.peak(choice.dtype);
  if (peak) *peak *= static_cast<double>(choice.log.devices);
  for (const measure::Convention convention : measure::all_conventions()) {
    const measure::Utilisation used =
        measure::mfu(convention, shape, choice.log.sequence, tokens_per_second, peak,
                     profile.missing_peak(choice.dtype));
    answers.emplace_back(
        fmt::format("MFU, {}", measure::name(convention)),
        used.value ? report::TableCell(fmt::format("{:.1f} %", 100 * *used.value), *used.value)
                   : report::TableCell("n/m: " + used.reason));
  }
}

report::TableCell count(int64_t value) { return {with_commas(value), static_cast<double>(value)}; }

report::TableCell last_loss(const imports::ImportedLog& imported) {
  const auto& steps = imported.records.steps;
  if (steps.empty()) return {"n/m: no step has one"};
  const run::StepRecord& last = steps.back();
  if (last.step == imported.last_step) return {fmt::format("{:.4f}", last.loss), last.loss};
  return {fmt::format("{}; {:.4f} at step {}, the last that has one",
                      imported.ended_not_finite ? "not finite" : "none", last.loss,
                      with_commas(last.step)),
          last.loss};
}

void add_counts(Answers& answers, const imports::ImportedLog& imported) {
  answers.insert(answers.end(),
                 {{"lines", count(imported.lines)},
                  {"lines of no record", count(imported.unknown)},
                  {"steps logged", count(static_cast<int64_t>(imported.records.steps.size()))},
                  {"steps logged again", count(imported.replaced)},
                  {"steps without a finite loss", count(imported.not_finite)},
                  {"steps without a loss (blank or -1)", count(imported.without_loss)},
                  {"steps of another rank", count(imported.other_ranks)},
                  {"evaluations", count(static_cast<int64_t>(imported.records.evals.size()))}});
  if (!imported.first_unread.empty())
    answers.emplace_back("first record not understood", imported.first_unread);
  answers.emplace_back("last step", count(imported.last_step));
  answers.emplace_back("last loss", last_loss(imported));
}

// Of a log that begins amid a run, of what it covers.
double tokens_a_second(const imports::ImportedLog& imported) {
  if (!imported.timed) return 0;
  const run::StepRecord& last = imported.records.steps.back();
  const double seconds = last.clocks.train - imported.seconds_before;
  return seconds > 0 ? static_cast<double>(last.tokens - imported.tokens_before) / seconds : 0;
}

std::string time_text(const imports::ImportedLog& imported) {
  const run::StepRecord& last = imported.records.steps.back();
  std::string text = human_seconds(last.clocks.train);
  if (last.clocks.train >= 60)
    text += fmt::format(" ({} s)", rounded_with_commas(last.clocks.train));
  if (imported.covers_from > 0)
    text += fmt::format(" for steps {} to {}", with_commas(imported.covers_from + 1),
                        with_commas(last.step));
  else if (last.step != imported.last_step)
    text += fmt::format(" to step {}", with_commas(last.step));
  return text;
}

void add_time(Answers& answers, const imports::ImportedLog& imported) {
  const run::StepRecord& last = imported.records.steps.back();
  answers.emplace_back("tokens", last.tokens > 0
                                     ? count(last.tokens)
                                     : report::TableCell("n/m: give --tokens-per-step"));
  answers.emplace_back("training time",
                       imported.timed ? report::TableCell(time_text(imported), last.clocks.train)
                                      : report::TableCell("n/m: " + imported.untimed));
  if (const double rate = tokens_a_second(imported); rate > 0)
    answers.emplace_back("tokens a second", report::TableCell(fmt::format("{:.0f}", rate), rate));
}

void add_target(Answers& answers, const char* name,
                const std::optional<measure::StepsToTarget>& crossing) {
  answers.emplace_back(name, crossing ? crossing->text() : "n/m: nothing was logged to compare");
}

void add_cost(Answers& answers, const imports::ImportedLog& imported, const ImportChoice& choice) {
  if (!imported.timed) {
    answers.emplace_back("cost", "n/m: " + imported.untimed);
    return;
  }
  const double cost = *choice.price * static_cast<double>(choice.log.devices) *
                      imported.records.steps.back().clocks.train / 3600;
  answers.emplace_back("cost", report::TableCell(fmt::format("${:.4f}", cost), cost));
}

struct Answered {
  Answers answers;
  bool reached = true;
};

Answered answer(const imports::ImportedLog& imported, const ImportChoice& choice,
                const fs::path& root) {
  Answered answered;
  Answers& answers = answered.answers;
  add_counts(answers, imported);
  const bool any = !imported.records.steps.empty();
  if (any) add_time(answers, imported);
  if (choice.target.training) {
    const auto crossing = crossing_of_steps(imported.records, choice);
    add_target(answers, "steps to target", crossing);
    answered.reached = crossing && reached(*crossing);
  }
  if (choice.target.validation) {
    const auto crossing = crossing_of_evaluations(imported.records, choice);
    add_target(answers, "steps to target, by evaluations", crossing);
    answered.reached = answered.reached && crossing && reached(*crossing);
  }
  if (any && !choice.model.empty())
    add_utilisation(answers, choice, root, tokens_a_second(imported));
  if (any && choice.price) add_cost(answers, imported, choice);
  return answered;
}

Exit run_import(const Context& context, const ImportChoice& choice) {
  const imports::ImportedLog imported = imports::import_foreign_log(choice.file, choice.log);
  // Everything that can be wrong is found before anything is written. The root is looked for only
  // where something of it is asked.
  const fs::path root = choice.model.empty() ? fs::path() : context.root();
  const Answered answered = answer(imported, choice, root);
  const fs::path folder =
      write_imported_run(imported, choice.file, choice.log, context.runs, choice.output);
  report::Table table{
      .title = fmt::format("{} -> {}", choice.file.string(), (folder / "records.jsonl").string()),
      .columns = {{.heading = "quantity", .align = report::Align::left}, {.heading = "value"}}};
  for (const auto& [name, value] : answered.answers) table.add({name, value});
  if (context.json)
    print(report::to_json(table));
  else
    print(table);
  if (imported.records.steps.empty()) return Exit::nothing_measured;
  return choice.gate && !answered.reached ? Exit::not_reached : Exit::ok;
}

}  // namespace

void add_import_log(Program& program, CLI::App& import) {
  CLI::App& verb = program.add_verb(
      import, "log", "a training log of another program -> run records",
      "  repro import log out.log --format nanogpt --target 3.28\n"
      "  repro import log trainer_state.json --format hf-trainer --tokens-per-step 16384\n"
      "  repro import log run.log --format megatron --sequence 1024 --model moe_disco:qwen_full "
      "\\\n"
      "    --profile a100-80g --price 2.28\n"
      "Lines that are no record are counted. Writes the run <runs>/import-<file>, or -2, -3 ... "
      "where\n"
      "another run has that name; `repro compare` takes it as it takes one of its own. A number "
      "that\n"
      "the log does not state is n/m. With --gate, a target that is not reached ends with code 3; "
      "a log\n"
      "that cannot be read as its format ends with 7, one without any loss with 6.");
  auto choice = std::make_shared<ImportChoice>();
  verb.add_option("file", choice->file, "the log")->required();
  verb.add_option("--format", choice->log.format, "the program that wrote it")
      ->check(CLI::IsMember(imports::foreign_formats()))
      ->required();
  verb.add_option("--tokens-per-step", choice->log.tokens_per_step, "of all devices together")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--sequence", choice->log.sequence, "tokens of a sequence")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--logging-steps", choice->log.logging_steps,
                  "steps between lines of hf-trainer's text log; default: from its epochs")
      ->check(CLI::PositiveNumber);
  verb.add_option("--devices", choice->log.devices, "devices that trained together")
      ->check(CLI::PositiveNumber);
  add_target_options(verb, choice->target);
  verb.add_flag("--gate", choice->gate, "end with code 3 when a target is not reached");
  verb.add_option("--window", choice->window, "logged points averaged")->check(CLI::PositiveNumber);
  auto* model = verb.add_option("--model", choice->model, "CLAIMS:MODEL, for the utilisation");
  auto* profile = verb.add_option("--profile", choice->profile, "hardware profile it ran on");
  model->needs(profile);
  verb.add_option("--dtype", choice->dtype, "of the peak")->capture_default_str();
  verb.add_option("--price", choice->price, "dollars a device and hour")->check(dollars_an_hour());
  verb.add_option("--output", choice->output, "folder to write to");
  program.on(verb, [&program, choice] { return run_import(program.context(), *choice); });
}

}  // namespace repro::cli
