#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "claims/claims.hpp"
#include "cli/program.hpp"
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
  std::optional<double> target;
  double tolerance = 0;
  int64_t window = 1;  // logged points
  std::string model;   // "CLAIMS:MODEL"
  std::string profile;
  std::string dtype = "bf16";
  std::optional<double> price;  // dollars a device and hour
};

// Answers in the order they are shown; each a text, and a number where it is one.
using Answers = std::vector<std::pair<std::string, report::TableCell>>;

void write_records(const run::Records& records, const fs::path& folder) {
  std::string lines;
  for (const run::StepRecord& step : records.steps) lines += run::to_line(step) + "\n";
  for (const run::EvalRecord& eval : records.evals) lines += run::to_line(eval) + "\n";
  make_directories(folder);
  write_file_atomically(folder / "records.jsonl", lines);
}

std::string steps_to_target(const run::Records& records, const ImportChoice& choice) {
  std::vector<int64_t> steps;
  std::vector<double> losses;
  for (const run::StepRecord& record : records.steps) {
    steps.push_back(record.step);
    losses.push_back(record.lm_loss);
  }
  const measure::LossTarget target{*choice.target, choice.tolerance};
  return measure::first_crossing(steps, losses, target, {.window = choice.window, .sustain = 1})
      .text();
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

Answers answer(const imports::ImportedLog& imported, const ImportChoice& choice,
               const fs::path& root) {
  const run::StepRecord& last = imported.records.steps.back();
  const auto count = [](int64_t value) {
    return report::TableCell(with_commas(value), static_cast<double>(value));
  };
  const double seconds = last.clocks.train;
  const double rate =
      imported.timed && seconds > 0 ? static_cast<double>(last.tokens) / seconds : 0;
  Answers answers = {{"lines", count(imported.lines)},
                     {"lines of no record", count(imported.unknown)},
                     {"steps logged", count(static_cast<int64_t>(imported.records.steps.size()))},
                     {"steps logged again", count(imported.replaced)},
                     {"steps without a finite loss", count(imported.not_finite)},
                     {"evaluations", count(static_cast<int64_t>(imported.records.evals.size()))},
                     {"last step", count(last.step)},
                     {"last loss", report::TableCell(fmt::format("{:.4f}", last.loss), last.loss)}};
  answers.emplace_back("tokens", last.tokens > 0
                                     ? count(last.tokens)
                                     : report::TableCell("n/m: give --tokens-per-step"));
  answers.emplace_back("training time", imported.timed
                                            ? report::TableCell(human_seconds(seconds), seconds)
                                            : report::TableCell("n/m: the log has no times"));
  if (rate > 0)
    answers.emplace_back("tokens a second", report::TableCell(fmt::format("{:.0f}", rate), rate));
  if (choice.target)
    answers.emplace_back("steps to target", steps_to_target(imported.records, choice));
  if (!choice.model.empty()) add_utilisation(answers, choice, root, rate);
  if (choice.price) {
    const double cost = *choice.price * static_cast<double>(choice.log.devices) * seconds / 3600;
    answers.emplace_back("cost", imported.timed
                                     ? report::TableCell(fmt::format("${:.4f}", cost), cost)
                                     : report::TableCell("n/m: the log has no times"));
  }
  return answers;
}

Exit run_import(const Context& context, const ImportChoice& choice) {
  const imports::ImportedLog imported = imports::import_foreign_log(choice.file, choice.log);
  // Everything that can be wrong is found before anything is written.
  const Answers answers = answer(imported, choice, context.root());
  const fs::path folder = choice.output.empty()
                              ? context.runs / ("import-" + choice.file.stem().string())
                              : choice.output;
  write_records(imported.records, folder);
  report::Table table{
      .title = fmt::format("{} -> {}", choice.file.string(), (folder / "records.jsonl").string()),
      .columns = {{.heading = "quantity", .align = report::Align::left}, {.heading = "value"}}};
  for (const auto& [name, value] : answers) table.add({name, value});
  if (context.json)
    print(report::to_json(table));
  else
    print(table);
  return Exit::ok;
}

}  // namespace

void add_import_log(Program& program) {
  CLI::App& import =
      program.add_verb("import", "training logs of other programs",
                       "  repro import log train.log --format megatron --sequence 4096");
  import.require_subcommand(1);
  CLI::App& verb = program.add_verb(
      import, "log", "a training log of another program -> run records",
      "  repro import log out.log --format nanogpt --tokens-per-step 491520 --target 3.28\n"
      "  repro import log trainer_state.json --format hf-trainer --tokens-per-step 16384\n"
      "  repro import log run.log --format megatron --sequence 1024 --model moe_disco:qwen_full "
      "\\\n"
      "    --profile a100-80g --price 2.28\n"
      "Lines that are no record are counted. Writes <runs>/import-<file>/records.jsonl.");
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
                  "steps between lines of hf-trainer's text log")
      ->check(CLI::PositiveNumber);
  verb.add_option("--devices", choice->log.devices, "devices that trained together")
      ->check(CLI::PositiveNumber);
  verb.add_option("--target", choice->target, "loss in nats: when is it reached?");
  verb.add_option("--tolerance", choice->tolerance, "nats above the target that still reach it")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--window", choice->window, "logged points averaged")->check(CLI::PositiveNumber);
  auto* model = verb.add_option("--model", choice->model, "CLAIMS:MODEL, for the utilisation");
  auto* profile = verb.add_option("--profile", choice->profile, "hardware profile it ran on");
  model->needs(profile);
  verb.add_option("--dtype", choice->dtype, "of the peak")->capture_default_str();
  verb.add_option("--price", choice->price, "dollars a device and hour")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--output", choice->output, "folder to write to");
  program.on(verb, [&program, choice] { return run_import(program.context(), *choice); });
}

}  // namespace repro::cli
