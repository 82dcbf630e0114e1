#include "cli/context.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/printing.hpp"
#include "config/library.hpp"
#include "findings/study.hpp"
#include "plan/packages.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {

std::filesystem::path Context::root() const { return find_root(root_option); }

std::filesystem::path Context::own_library() const {
  if (root_option) return root();
  const std::filesystem::path own = config::user_library();
  if (own.empty())
    throw Error(
        "no folder for what is yours: neither XDG_DATA_HOME nor HOME is set; set one of them, "
        "or give --root");
  return own;
}

std::string ExperimentChoice::text() const {
  std::string text = fmt::format("{} --scale {}", name, scale);
  for (const std::string& setting : settings) text += " --set " + shell_quoted(setting);
  if (seeds > 0) text += fmt::format(" --seeds {}", seeds);
  for (const std::string& one : only) text += " --only " + shell_quoted(one);
  return text;
}

void add_choice_options(CLI::App& verb, ExperimentChoice& choice) {
  verb.add_option("--scale", choice.scale, "smoke, mini, small or paper: see `repro list`")
      ->capture_default_str();
  verb.add_option("--set", choice.settings,
                  "replace one value of the manifest, as PATH=VALUE; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--seeds", choice.seeds, "run seeds 0 .. N-1 instead of the manifest's")
      ->check(CLI::Range(int64_t{1}, int64_t{1000}));
  verb.add_option("--only", choice.only,
                  "some cells alone: MODEL/CORPUS, or a model or a corpus; may be repeated")
      ->allow_extra_args(false);
}

void add_experiment(CLI::App& verb, ExperimentChoice& choice, bool required) {
  verb.add_option("experiment", choice.name, "table3, or moe_disco/table3: see `repro list`")
      ->required(required);
  add_choice_options(verb, choice);
}

plan::Plan load_plan(const Context& context, const ExperimentChoice& choice) {
  plan::ExperimentOptions options;
  options.scale = choice.scale;
  options.settings = choice.settings;
  if (choice.seeds > 0) options.seeds = choice.seeds;
  options.only = choice.only;
  plan::Experiment experiment = plan::load_experiment(context.root(), choice.name, options);
  for (auto& [role, corpus] : experiment.corpus_entries)
    plan::resolve_packages(corpus, cache_directory());
  plan::Plan plan = plan::make_plan(std::move(experiment));
  detail("repro: {}: {} cells, {} jobs, from {}\n", choice.text(), plan.cells.size(),
         plan.graph.jobs().size(), context.root().string());
  // What the claims say of it is checked before anything is started.
  findings::check_claims(context.root(), plan);
  return plan;
}

void say_foreign_runs(const Context& context) {
  if (const int64_t foreign = run::count_foreign_runs(context.runs); foreign > 0)
    note("repro: {}: {} of an earlier format {} left alone\n", context.runs.string(),
         foreign == 1 ? "1 run" : fmt::format("{} runs", foreign), foreign == 1 ? "is" : "are");
}

void say_unsealed_runs(const std::filesystem::path& runs,
                       const std::vector<std::string>& directories) {
  if (const int64_t unsealed = run::count_unsealed_runs(runs, directories); unsealed > 0)
    note(
        "repro: {}: {} unsealed: they ended before runs kept the hashes of their files, so changes "
        "to them are not noticed\n",
        runs.string(), unsealed == 1 ? "1 run is" : fmt::format("{} runs are", unsealed));
}

void say_unsealed_runs(const Context& context, const plan::Plan& plan) {
  std::vector<std::string> directories;
  for (const run::Job& job : plan.graph.jobs()) directories.push_back(job.directory);
  say_unsealed_runs(context.runs, directories);
}

void print(const report::Table& table) {
  say_toned(report::to_terminal(table, terminal_width(), has_colour()));
}

void print(const nlohmann::json& value) { say_text(report::json_text(value, 2) + "\n"); }

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

size_t terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 120;
}

}  // namespace repro::cli
