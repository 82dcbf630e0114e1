#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "check/manifest.hpp"
#include "check/observed_runs.hpp"
#include "check/rehearse.hpp"
#include "cli/check_gate.hpp"
#include "cli/golden_record.hpp"
#include "cli/golden_view.hpp"
#include "cli/numbers_given.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

using checks::Golden;

struct DiffChoice {
  std::string then, now;  // names or files; now "" = what the runs here give
  fs::path picture;       // base of the files
  CheckRunOptions runs;
};

// A name of goldens/, or a file.
Golden named_golden(const Context& context, const std::string& name) {
  if (fs::path(name).extension() == ".json") return checks::read_golden(name);
  return checks::find_golden(context.root(), name);
}

// As `golden record` would write it now, of the seeds that a gate runs.
Golden golden_of_now(const Context& context, const Golden& then, const CheckRunOptions& options,
                     Exit& exit) {
  const std::vector<int64_t> seeds = then.gate_seeds();
  const plan::Plan plan = golden_plan(context, then, static_cast<int64_t>(seeds.size()));
  CheckRuns runs(context, "golden diff " + then.name, options);
  exit = runs.run(plan.graph);
  if (exit != Exit::ok) return {};
  checks::Observations now =
      checks::observe_runs(plan.graph, checks::named_jobs(plan), runs.folder(), then.recipe.window);
  checks::measure_like(now, then);
  Golden golden = checks::make_golden(now, nullptr, then.recipe, then.policy);
  checks::note_manifest(golden, plan);
  for (auto& [name, training] : golden.trainings)
    if (const auto old = then.trainings.find(name); old != then.trainings.end()) {
      // Its own target losses would be others.
      for (auto& [seed, member] : training.seeds)
        member.numbers = now.trainings.at(name).at(seed).numbers;
    }
  return golden;
}

Exit diff_goldens(const Context& context, const DiffChoice& choice) {
  const Golden then = named_golden(context, choice.then);
  Exit exit = Exit::ok;
  const Golden now = choice.now.empty() ? golden_of_now(context, then, choice.runs, exit)
                                        : named_golden(context, choice.now);
  if (exit != Exit::ok) return exit;
  show_drift(context, then, now);
  const report::Picture picture = drift_picture(then, now);
  if (!choice.picture.empty() && !picture.panels.empty()) {
    if (!report::gnuplot_found())
      throw Error(Exit::run_failed, "--picture: gnuplot is not installed; install gnuplot-nox");
    report::draw(picture, choice.picture);
    warn("repro: the picture is {}.svg and {}.png\n", choice.picture.string(),
         choice.picture.string());
  }
  return Exit::ok;
}

Exit list_goldens(const Context& context) {
  using report::Align;
  const fs::path root = context.root();
  report::Table table{.title = "goldens of " + (root / "goldens").string(),
                      .columns = {{.heading = "name", .align = Align::left},
                                  {.heading = "experiment", .align = Align::left},
                                  {.heading = "seeds"},
                                  {.heading = "trainings"},
                                  {.heading = "recorded", .align = Align::left},
                                  {.heading = "why", .align = Align::left}}};
  for (const std::string& name : checks::golden_names(root)) {
    const Golden golden = checks::find_golden(root, name);
    const std::string experiment =
        golden.recipe.experiment.empty()
            ? "files"
            : golden.recipe.experiment + " --scale " + golden.recipe.scale;
    const size_t seeds = golden.seeds().size(), trainings = golden.trainings.size();
    table.add({name,
               experiment,
               {std::to_string(seeds), static_cast<double>(seeds)},
               {std::to_string(trainings), static_cast<double>(trainings)},
               golden.recorded,
               golden.why});
  }
  if (context.json)
    print(report::to_json(table));
  else if (table.rows.empty())
    say("{}: no golden; `repro golden record` makes one\n", (root / "goldens").string());
  else
    print(table);
  return Exit::ok;
}

void add_run_options(CLI::App& verb, CheckRunOptions& runs) {
  verb.add_option("--jobs", runs.jobs, "jobs at a time; default: one a core")
      ->check(CLI::Range(1, 4096));
  verb.add_flag("--wait", runs.wait, "wait for another repro that holds the folder");
}

void add_record(Program& program, CLI::App& golden) {
  CLI::App& verb = program.add_verb(
      golden, "record", "runs the seeds and writes goldens/NAME.json",
      "  repro golden record table3 --scale smoke --seeds 10 --name nightly --why \"first\"\n"
      "  repro golden record --renew --name nightly --cause \"kernels sum in another order\" --why "
      "\"as before\"\n"
      "  repro golden record --from train.csv --name other --why \"another program's log\"\n"
      "Each seed runs twice, the second time from a start beside its own: the tolerance of a step "
      "is "
      "what\nnoise does to it. Of the seeds a gate runs half; the others are for a second look. "
      "One "
      "that is there\nis renewed with --renew and --cause, and keeps what moved.");
  auto choice = std::make_shared<RecordChoice>();
  add_experiment(verb, choice->choice, false);
  verb.add_option("--name", choice->name, "of the golden; default: EXPERIMENT-SCALE");
  verb.add_option("--why", choice->why, "why these runs are right");
  verb.add_flag("--renew", choice->renew, "take the place of the one that is there");
  verb.add_option("--cause", choice->cause, "of a renewal: what moved the numbers");
  verb.add_option("--gate-seeds", choice->gate_seeds, "that a gate runs first; default: half")
      ->check(CLI::Range(int64_t{1}, int64_t{1000}));
  verb.add_option("--sides", choice->sides, "which moves of a number count")
      ->check(CLI::IsMember({"two-sided", "one-sided", "non-inferiority"}))
      ->capture_default_str();
  verb.add_option("--margin", choice->margin, "nats: a smaller move of a loss does not count")
      ->check(number_within(0, 100, "nats"));
  verb.add_flag("--exact-gates", choice->exact_gates,
                "on the same platform other bits alone are a regression");
  verb.add_flag("--time", choice->time,
                "also keep the seconds of a step, for this machine; best with --jobs 1");
  verb.add_option("--from", choice->from, "logs or loss files of another program, one a seed");
  verb.add_option("--format", choice->format, "of logs that do not tell it themselves");
  add_run_options(verb, choice->runs);
  program.on(verb, [&program, choice] { return record_golden(program.context(), *choice); });
}

void add_diff(Program& program, CLI::App& golden) {
  CLI::App& verb = program.add_verb(
      golden, "diff", "what taking other runs for a golden would change",
      "  repro golden diff smoke                     against what the runs here give\n"
      "  repro golden diff smoke --picture drift     also as drift.svg and drift.png\n");
  auto choice = std::make_shared<DiffChoice>();
  verb.add_option("golden", choice->then, "a name of goldens/, or a file")->required();
  verb.add_option("other", choice->now, "another one; default: what the runs here give");
  verb.add_option("--picture", choice->picture, "draw both losses into PICTURE.svg and .png");
  add_run_options(verb, choice->runs);
  program.on(verb, [&program, choice] { return diff_goldens(program.context(), *choice); });
}

}  // namespace

void add_golden(Program& program) {
  CLI::App& golden = program.add_verb("golden", "runs that later ones are checked against",
                                      "  repro golden list\n"
                                      "  repro golden diff smoke");
  golden.require_subcommand(1);
  add_record(program, golden);
  add_diff(program, golden);
  CLI::App& list = program.add_verb(golden, "list", "the goldens there are", "  repro golden list");
  program.on(list, [&program] { return list_goldens(program.context()); });
}

}  // namespace repro::cli
