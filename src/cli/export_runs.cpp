// Runs for trackers of experiments: `repro export sqlite`, `tensorboard`, `mlflow`.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/verbs.hpp"
#include "trackers/event_file.hpp"
#include "trackers/mlflow.hpp"
#include "trackers/sqlite.hpp"

namespace repro::cli {
namespace {

using trackers::TrackedRun;

struct TrackerChoice {
  fs::path place;
  std::vector<std::string> runs;     // none = all
  std::string experiment = "repro";  // of MLflow
};

std::vector<TrackedRun> chosen_runs(const Context& context, const TrackerChoice& choice) {
  std::vector<run::RunDirectory> directories;
  for (const std::string& name : choice.runs) directories.push_back(find_run(context, name));
  if (choice.runs.empty())
    for (const std::string& name : run_names(context.runs))
      directories.emplace_back(context.runs / name);
  if (directories.empty())
    throw Error(Exit::nothing_measured, "{}: holds no run; give --runs FOLDER",
                context.runs.string());
  run::Verifier verifier(context.runs);
  std::vector<TrackedRun> tracked;
  for (const run::RunDirectory& directory : directories)
    if (directory.schema() == run::kSchema) tracked.push_back(trackers::track(directory, verifier));
  say_foreign_runs(context);
  if (tracked.empty())
    throw Error(Exit::nothing_measured, "{}: all its runs are of another schema than {}",
                context.runs.string(), run::kSchema);
  return tracked;
}

void require_free(const fs::path& place) {
  if (!fs::exists(place) || (fs::is_directory(place) && fs::is_empty(place))) return;
  throw Error("{}: is there already; remove it or give another place", place.string());
}

Exit say_exported(const Context& context, const TrackerChoice& choice, int64_t runs,
                  int64_t steps) {
  if (context.json)
    print(nlohmann::json({{"place", choice.place.string()}, {"runs", runs}, {"steps", steps}}));
  else
    say("{}: {} runs, {} steps\n", choice.place.string(), with_commas(runs), with_commas(steps));
  return Exit::ok;
}

int64_t steps_of_all(const std::vector<TrackedRun>& runs) {
  int64_t steps = 0;
  for (const TrackedRun& run : runs) steps += static_cast<int64_t>(run.records.steps.size());
  return steps;
}

Exit export_sqlite(const Context& context, const TrackerChoice& choice) {
  require_free(choice.place);
  const auto runs = chosen_runs(context, choice);
  trackers::write_sqlite(runs, choice.place);
  return say_exported(context, choice, static_cast<int64_t>(runs.size()), steps_of_all(runs));
}

Exit export_tensorboard(const Context& context, const TrackerChoice& choice) {
  require_free(choice.place);
  const auto runs = chosen_runs(context, choice);
  const int64_t written = trackers::write_event_files(runs, choice.place);
  if (written == 0)
    throw Error(Exit::nothing_measured, "{}: none of its runs has a curve", context.runs.string());
  return say_exported(context, choice, written, steps_of_all(runs));
}

Exit export_mlflow(const Context& context, const TrackerChoice& choice) {
  require_free(choice.place);
  const auto runs = chosen_runs(context, choice);
  trackers::write_mlflow(runs, choice.place, choice.experiment);
  return say_exported(context, choice, static_cast<int64_t>(runs.size()), steps_of_all(runs));
}

std::shared_ptr<TrackerChoice> add_places(CLI::App& verb, const char* place, const char* what) {
  auto choice = std::make_shared<TrackerChoice>();
  verb.add_option(place, choice->place, what)->required();
  verb.add_option("runs", choice->runs, "which; default: all of --runs");
  return choice;
}

}  // namespace

void add_export_runs(Program& program, CLI::App& parent) {
  CLI::App& sqlite = program.add_verb(
      parent, "sqlite", "a database of runs: settings, results, every step",
      "  repro export sqlite runs.db\n"
      "  sqlite3 runs.db 'select name, max(step), min(loss) from steps join runs on id = run group "
      "by run'\nIts tables are described in docs/sqlite.md.");
  const auto database = add_places(sqlite, "file", "to write; must be new");
  program.on(sqlite, [&program, database] { return export_sqlite(program.context(), *database); });
  CLI::App& events =
      program.add_verb(parent, "tensorboard", "the curves of runs as TensorBoard's event files",
                       "  repro export tensorboard curves && tensorboard --logdir curves\n"
                       "  repro export tensorboard one-curve train-a\n"
                       "Its scalars are 32-bit floats; sqlite and mlflow keep all digits.");
  const auto curves = add_places(events, "folder", "to write; must be new or empty");
  program.on(events, [&program, curves] { return export_tensorboard(program.context(), *curves); });
  CLI::App& store =
      program.add_verb(parent, "mlflow", "runs as MLflow's file store",
                       "  repro export mlflow mlruns --experiment table3\n"
                       "  MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns\n"
                       "  mlflow migrate-filestore --source mlruns --target sqlite:///mlflow.db");
  const auto folder = add_places(store, "folder", "to write; must be new or empty");
  store.add_option("--experiment", folder->experiment, "its name there")->capture_default_str();
  program.on(store, [&program, folder] { return export_mlflow(program.context(), *folder); });
}

}  // namespace repro::cli
