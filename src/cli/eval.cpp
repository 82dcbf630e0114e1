#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/eval_view.hpp"
#include "cli/execution.hpp"
#include "cli/finished_run.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/task_jobs.hpp"
#include "cli/verbs.hpp"
#include "config/job_spec.hpp"
#include "report/harness_results.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct EvalChoice {
  std::string run;
  std::vector<std::string> tasks;
  int64_t limit = 0;
  std::vector<std::string> perplexity;  // splits
  int64_t window = 0;                   // 0 = what each kind of question has by default
  int64_t stride = 0;                   // 0 = half the window
  int64_t batch_tokens = 8192;
  std::string precision;  // "" = as it was trained
  std::string harness;    // folder for results in lm-evaluation-harness's files; "" = none
  bool wait = false;
};

// How the run itself read its model; a merge says no sequence.
config::EvalSpec eval_spec(const run::Job& weights, const EvalChoice& choice) {
  config::EvalSpec spec;
  spec.model = model_of(weights, "eval " + choice.run);
  const json defaults = config::to_full_json(config::TrainSpec{});
  const auto own = [&](const char* key) { return weights.spec.value(key, defaults.at(key)); };
  spec.sequence = own("sequence").get<int64_t>();
  spec.precision =
      choice.precision.empty() ? own("precision").get<std::string>() : choice.precision;
  spec.device = own("device").get<std::string>();
  spec.threads = own("threads").get<int64_t>();
  spec.tasks = choice.tasks;
  if (choice.window > 0) spec.window = choice.window;
  spec.limit = choice.limit;
  for (const std::string& split : choice.perplexity) {
    config::MeasureSpec measure = {.name = split, .split = split};
    measure.window = choice.window > 0 ? choice.window : spec.sequence;
    measure.stride = choice.stride > 0 ? choice.stride : std::max<int64_t>(measure.window / 2, 1);
    spec.measures.push_back(measure);
  }
  return spec;
}

std::filesystem::path write_harness(const EvalChoice& choice, const run::JobGraph& graph,
                                    size_t eval, const run::RunDirectory& answered,
                                    const json& result) {
  const auto spec = config::from_json<config::EvalSpec>(graph[eval].spec, "eval");
  std::vector<report::HarnessTask> tasks;
  for (const std::string& name : choice.tasks) {
    const run::Job& task = graph[graph[eval].inputs.at("task-" + name)];
    tasks.push_back({config::from_json<config::Task>(task.spec, name),
                     answered.path().parent_path() / task.directory / "items.jsonl",
                     answered.path() / ("answers-" + name + ".jsonl")});
  }
  const report::HarnessModel model = {.name = graph[graph[eval].inputs.at("weights")].directory,
                                      .precision = spec.precision,
                                      .parameters = result.at("parameters").get<int64_t>(),
                                      .window = spec.window,
                                      .limit = spec.limit,
                                      .seconds = result.at("seconds").at("eval").get<double>()};
  return report::write_harness_results(choice.harness, model, tasks);
}

// The question as a job of a graph that holds what it rests on.
size_t add_question(const Context& context, const run::RunDirectory& directory,
                    const EvalChoice& choice, run::JobGraph& graph) {
  const size_t weights = add_finished(directory, graph);
  const config::EvalSpec spec = eval_spec(graph[weights], choice);
  const auto corpus = corpus_of(graph, weights);
  if (!corpus && graph[weights].kind != "import")
    throw Error("{}: rests on no corpus, whose tokenizer it would need", directory.path().string());
  if (!corpus && !choice.perplexity.empty())
    throw Error(Exit::usage,
                "eval {}: an imported checkpoint has no corpus; leave out --perplexity",
                choice.run);
  run::Job job;
  job.kind = "eval";
  job.name = fmt::format("answers-{}", graph[weights].name);
  job.resources.threads = spec.threads;
  job.spec = config::to_json(spec);
  job.execution = {{"batch_tokens", choice.batch_tokens}};
  job.inputs = {{"weights", weights}};
  if (corpus) job.inputs["corpus"] = *corpus;  // an imported checkpoint brought its tokenizer
  for (const std::string& task : choice.tasks)
    job.inputs["task-" + task] = graph.add(task_job(context, task, corpus));
  return graph.add(std::move(job));
}

Exit evaluate(const Context& given, const EvalChoice& choice) {
  if (choice.tasks.empty() && choice.perplexity.empty())
    throw Error(Exit::usage, "eval {}: asks nothing; give --tasks or --perplexity", choice.run);
  const run::RunDirectory directory = find_run(given, choice.run);
  Context context = given;
  context.runs = directory.path().parent_path();
  run::JobGraph graph;
  const size_t eval = add_question(context, directory, choice, graph);
  run::RunsLock lock(context.runs, "eval " + choice.run, choice.wait);
  const Exit exit = execute_missing(context, lock, graph);
  if (exit != Exit::ok) return exit;
  const run::RunDirectory answered(context.runs / graph[eval].directory);
  const json result = answered.result();
  if (!choice.harness.empty()) {
    const auto file = write_harness(choice, graph, eval, answered, result);
    warn("lm-evaluation-harness's files: {}\n", file.string());
  }
  const json& tasks = result.at("tasks");
  const json measures = result.value("measures", json::object());
  if (context.json) {
    print(choice.perplexity.empty() ? tasks : json{{"tasks", tasks}, {"perplexity", measures}});
    return Exit::ok;
  }
  const std::string run = directory.path().filename().string();
  const auto sequence = graph[eval].spec.value("sequence", config::EvalSpec{}.sequence);
  if (!tasks.empty()) print(answers_table(tasks, run, sequence));
  if (!measures.empty()) print(perplexity_table(measures, run));
  return Exit::ok;
}

}  // namespace

void add_eval(Program& program) {
  CLI::App& verb = program.add_verb(
      "eval", "downstream tasks and perplexity of a run's model",
      "  repro eval RUN --tasks piqa,arc_easy\n"
      "  repro eval RUN --perplexity test           by token, word and byte\n"
      "  repro eval RUN --tasks mmlu --limit 20     20 items a subject\n"
      "RUN is a folder of runs/, or as much of its name as only one has.\n"
      "Tasks are the files of eval/; `repro data get eval` brings their items. Interrupted, the "
      "same\n"
      "command goes on where it was.");
  auto choice = std::make_shared<EvalChoice>();
  verb.add_option("run", choice->run,
                  "a finished training, merge or imported checkpoint: directory or name")
      ->required();
  verb.add_option("--tasks", choice->tasks, "names of tasks, separated by commas")->delimiter(',');
  verb.add_option("--perplexity", choice->perplexity,
                  "splits of its corpus that it is to predict: valid, test")
      ->delimiter(',')
      ->check(CLI::IsMember({"valid", "test"}));
  verb.add_option("--limit", choice->limit, "the first so many items of each part of a task")
      ->check(CLI::PositiveNumber);
  verb.add_option("--window", choice->window,
                  "tokens it reads at most of an item (2048), or to predict one (as in training)")
      ->check(CLI::Range(2, 1 << 20));
  verb.add_option("--stride", choice->stride, "of --perplexity's windows; default: half the window")
      ->check(CLI::Range(1, 1 << 20));
  verb.add_option("--batch-tokens", choice->batch_tokens,
                  "tokens read at a time, shared beginnings once; changes no digit")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  verb.add_option("--precision", choice->precision, "default: the training's")
      ->check(CLI::IsMember({"fp32", "bf16-mixed", "bf16-pure"}));
  verb.add_option("--harness", choice->harness,
                  "folder: writes lm-evaluation-harness's results and samples files there");
  verb.add_flag("--wait", choice->wait, "wait for another repro that holds the folder");
  program.on(verb, [&program, choice] { return evaluate(program.context(), *choice); });
}

}  // namespace repro::cli
