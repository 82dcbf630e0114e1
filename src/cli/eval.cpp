#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/execution.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/task_jobs.hpp"
#include "cli/verbs.hpp"
#include "config/job_spec.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct EvalChoice {
  std::string run;
  std::vector<std::string> tasks;
  int64_t limit = 0;
  int64_t window = config::EvalSpec{}.window;
  int64_t batch = 16;
  std::string precision;  // "" = as it was trained
  bool wait = false;
};

// A finished run and what it rests on, as jobs of a graph in which all of them are done.
size_t add_finished(const run::RunDirectory& directory, run::JobGraph& graph) {
  const run::OpenedJob from = run::open_job(directory);
  run::Job job;
  job.kind = from.kind;
  job.name = from.name;
  job.spec = from.spec;
  for (const auto& [role, input] : from.inputs) job.inputs[role] = add_finished(input, graph);
  const size_t index = graph.add(std::move(job));
  if (graph[index].directory != directory.path().filename().string() ||
      directory.state() != run::State::done)
    throw Error("{}: is not finished, or not what its name says; run the experiment again",
                directory.path().string());
  return index;
}

// The corpus that it was trained on, here or in what it came from.
std::optional<size_t> corpus_of(const run::JobGraph& graph, size_t job) {
  const auto& inputs = graph[job].inputs;
  if (const auto at = inputs.find("corpus"); at != inputs.end()) return at->second;
  for (const auto& [role, input] : inputs)
    if (const auto found = corpus_of(graph, input)) return found;
  return std::nullopt;
}

// How the run itself read its model; a merge says no sequence.
config::EvalSpec eval_spec(const run::Job& weights, const EvalChoice& choice) {
  if (weights.kind != "train" && weights.kind != "merge" && weights.kind != "grow")
    throw Error(Exit::usage,
                "eval {}: a run of kind '{}' leaves no model; give a training or a merge",
                choice.run, weights.kind);
  config::EvalSpec spec;
  config::read_json(
      weights.spec.value("model", json::object()),
      [&](config::Fields& fields) { describe(fields, spec.model); }, weights.name + "/job.json");
  const json defaults = config::to_full_json(config::TrainSpec{});
  const auto own = [&](const char* key) { return weights.spec.value(key, defaults.at(key)); };
  spec.sequence = own("sequence").get<int64_t>();
  spec.precision =
      choice.precision.empty() ? own("precision").get<std::string>() : choice.precision;
  spec.device = own("device").get<std::string>();
  spec.threads = own("threads").get<int64_t>();
  spec.tasks = choice.tasks;
  spec.window = choice.window;
  spec.limit = choice.limit;
  return spec;
}

std::string percent(const json& metric) {
  return fmt::format("{:.2f} ± {:.2f}", 100 * metric.at("value").get<double>(),
                     100 * metric.at("stderr").get<double>());
}

report::Table answers_table(const json& tasks, const std::string& run, int64_t sequence) {
  using report::Align;
  report::Table table{.title = fmt::format("Downstream tasks, {}", run),
                      .columns = {{.heading = "task", .align = Align::left},
                                  {.heading = "items"},
                                  {.heading = "acc, %"},
                                  {.heading = "acc_norm, %"},
                                  {.heading = "acc_bytes, %"},
                                  {.heading = "chance, %"},
                                  {.heading = "constant, %"},
                                  {.heading = "doubts about acc", .align = Align::left}}};
  int64_t truncated = 0, beyond = 0, window = 0;
  for (const auto& [name, task] : tasks.items()) {
    const auto metric = [&](const char* key) {
      return report::TableCell(percent(task.at(key)), task.at(key).at("value").get<double>());
    };
    const auto level = [&](const char* key) {
      const auto value = task.at(key).get<double>();
      return report::TableCell(fmt::format("{:.2f}", 100 * value), value);
    };
    const auto doubts = task.at("acc").at("doubts").get<std::vector<std::string>>();
    const auto items = task.at("items").get<int64_t>();
    table.add({name,
               {with_commas(items), static_cast<double>(items)},
               metric("acc"),
               metric("acc_norm"),
               metric("acc_bytes"),
               level("chance"),
               level("constant"),
               doubts.empty() ? "none" : join(doubts, "; ")});
    truncated += task.at("truncated").get<int64_t>();
    beyond += task.at("beyond_training").get<int64_t>();
    window = task.at("window").get<int64_t>();
  }
  table.notes = {
      "± one standard error; acc: the choice of highest log-likelihood, acc_norm: by character, "
      "acc_bytes: by byte; constant: always the commonest right index",
      fmt::format("it reads at most {} tokens of an item: {} requests lost the beginning of their "
                  "context; {} are longer than the {} tokens it was trained on",
                  with_commas(window), with_commas(truncated), with_commas(beyond), sequence)};
  return table;
}

Exit evaluate(const Context& given, const EvalChoice& choice) {
  const run::RunDirectory directory = find_run(given, choice.run);
  Context context = given;
  context.runs = directory.path().parent_path();
  run::JobGraph graph;
  const size_t weights = add_finished(directory, graph);
  const auto corpus = corpus_of(graph, weights);
  if (!corpus)
    throw Error("{}: rests on no corpus, whose tokenizer it would need", directory.path().string());
  run::Job job;
  job.kind = "eval";
  job.name = fmt::format("answers-{}", graph[weights].name);
  config::EvalSpec spec = eval_spec(graph[weights], choice);
  const int64_t sequence = spec.sequence;
  job.spec = config::to_json(std::move(spec));
  job.execution = {{"batch", choice.batch}};
  job.inputs = {{"weights", weights}, {"corpus", *corpus}};
  for (const std::string& task : choice.tasks)
    job.inputs["task-" + task] = graph.add(task_job(context, task));
  const size_t eval = graph.add(std::move(job));
  run::RunsLock lock(context.runs, "eval " + choice.run, choice.wait);
  const Exit exit = execute_missing(context, lock, graph);
  if (exit != Exit::ok) return exit;
  const json tasks = run::RunDirectory(context.runs / graph[eval].directory).result().at("tasks");
  if (context.json)
    print(tasks);
  else
    print(answers_table(tasks, graph[weights].directory, sequence));
  return Exit::ok;
}

}  // namespace

void add_eval(Program& program) {
  CLI::App& verb = program.add_verb(
      "eval", "downstream tasks of multiple choice, answered by a run's model",
      "  repro eval RUN --tasks piqa,arc_easy\n"
      "  repro eval RUN --tasks mmlu --limit 20     20 items a subject\n"
      "RUN is a folder of runs/, or as much of its name as only one has.\n"
      "Tasks are the files of eval/; `repro data get eval` brings their items. Interrupted, the "
      "same\n"
      "command goes on where it was.");
  auto choice = std::make_shared<EvalChoice>();
  verb.add_option("run", choice->run, "a finished training or merge: directory or name")
      ->required();
  verb.add_option("--tasks", choice->tasks, "names of tasks, separated by commas")
      ->required()
      ->delimiter(',');
  verb.add_option("--limit", choice->limit, "the first so many items of each part of a task")
      ->check(CLI::PositiveNumber);
  verb.add_option("--window", choice->window, "tokens it reads at most of an item")
      ->capture_default_str()
      ->check(CLI::Range(2, 1 << 20));
  verb.add_option("--batch", choice->batch, "rows at a time; changes no digit")
      ->check(CLI::Range(1, 4096));
  verb.add_option("--precision", choice->precision, "default: the training's")
      ->check(CLI::IsMember({"fp32", "bf16-mixed", "bf16-pure"}));
  verb.add_flag("--wait", choice->wait, "wait for another repro that holds the folder");
  program.on(verb, [&program, choice] { return evaluate(program.context(), *choice); });
}

}  // namespace repro::cli
