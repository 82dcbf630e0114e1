#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/data_corpora.hpp"
#include "cli/data_import.hpp"
#include "cli/execution.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/task_jobs.hpp"
#include "cli/verbs.hpp"
#include "plan/packages.hpp"

namespace repro::cli {
namespace {

Exit list_corpora(const Context& context) {
  report::Table table{.title = "Corpora"};
  table.columns = {{.heading = "corpus", .align = report::Align::left},
                   {.heading = "what it is", .align = report::Align::left},
                   {.heading = "stands for", .align = report::Align::left},
                   {.heading = "in the cache"},
                   {.heading = "held out, seen in train"}};
  for (const std::string& name : config::corpus_names(context.root())) {
    const config::Corpus corpus = config::find_corpus(context.root(), name);
    const auto text = cached_text(corpus.name);
    if (!text) {
      table.add({name, corpus.title, corpus.stands_for, "-", "-"});
      continue;
    }
    const auto bytes = static_cast<double>(text->bytes);
    table.add({name,
               corpus.title,
               corpus.stands_for,
               {human_bytes(bytes), bytes},
               {fmt::format("{:.2f} %", 100 * text->overlap), text->overlap}});
  }
  if (context.json) {
    print(report::to_json(table));
    return Exit::ok;
  }
  print(table);
  say("cache: {}\n", cache_directory().string());
  return Exit::ok;
}

// The name by which `data get` knows all downstream tasks.
constexpr const char* kAllTasks = "eval";

struct GetOptions {
  std::vector<std::string> names;  // none = all of the scale
  std::string scale = "mini";
  bool refresh = false;  // take the newest versions of their packages
  bool wait = false;
};

Exit get_corpora(const Context& context, const GetOptions& options) {
  run::JobGraph graph;
  for (const std::string& name : options.names) {
    if (name == kAllTasks) {
      for (const std::string& task : tasks_of_their_own(context))
        graph.add(task_job(context, task));
      continue;
    }
    if (is_task(context, name)) {
      graph.add(task_job(context, name));
      continue;
    }
    const config::Corpus corpus = config::find_corpus(context.root(), name);
    if (options.refresh) plan::forget_packages(corpus, cache_directory());
    graph.add(prepare_job(context, corpus, options.scale));
  }
  if (options.names.empty()) graph = prepare_jobs(context, options.scale);
  const std::string purpose =
      fmt::format("data get {} --scale {}", join(options.names, " "), options.scale);
  run::RunsLock lock(context.runs, purpose, options.wait);
  const Exit exit = execute_missing(context, lock, graph);
  if (exit == Exit::ok) print_splits(context, graph);
  return exit;
}

void add_get(Program& program, CLI::App& parent) {
  CLI::App& verb =
      program.add_verb(parent, "get", "download, clean and tokenize corpora",
                       "  repro data get                   all that scale mini reads\n"
                       "  repro data get web reference --scale smoke\n"
                       "  repro data get web --refresh      the packages' newest versions\n"
                       "  repro data get eval               all downstream tasks of eval/");
  auto options = std::make_shared<GetOptions>();
  CLI::Option* names = verb.add_option(
      "corpora", options->names,
      "names of corpora or downstream tasks, eval: all tasks; none: the scale's corpora");
  verb.add_flag("--refresh", options->refresh,
                "the newest versions of their packages; their runs are made anew")
      ->needs(names);
  add_scale_and_wait(verb, options->scale, options->wait);
  program.on(verb, [&program, options] { return get_corpora(program.context(), *options); });
}

}  // namespace

void add_data(Program& program) {
  CLI::App& verb = program.add_verb("data", "corpora: what there is, get one, import your own",
                                    "  repro data list\n  repro data get web");
  verb.require_subcommand(1);
  CLI::App& list = program.add_verb(verb, "list", "the corpora and what is in the cache",
                                    "  repro data list --json");
  program.on(list, [&program] { return list_corpora(program.context()); });
  add_get(program, verb);
  add_data_import(program, verb);
}

}  // namespace repro::cli
