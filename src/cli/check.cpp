#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "cli/check_against.hpp"
#include "cli/check_gate.hpp"
#include "cli/check_log.hpp"
#include "cli/check_self_test.hpp"
#include "cli/check_time.hpp"
#include "cli/check_view.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

struct CheckChoice {
  std::string golden;
  std::vector<std::string> against;  // BASE NEW
  std::vector<fs::path> from;        // logs of now
  std::string format;                // of logs that no file tells
  std::vector<std::string> lanes;
  bool self_test = false;
  fs::path base;  // an old worker
  GateOptions gate;
  OutputChoice output;
};

// The one that is named, or the only one there is.
checks::Golden chosen_golden(const Context& context, const CheckChoice& choice) {
  const fs::path root = context.root();
  if (!choice.golden.empty()) return checks::find_golden(root, choice.golden);
  const std::vector<std::string> known = checks::golden_names(root);
  if (known.size() == 1) return checks::find_golden(root, known.front());
  if (known.empty())
    throw Error(Exit::nothing_measured,
                "{}: no golden; `repro golden record` makes one, `repro check --against BASE NEW` "
                "needs none",
                (root / "goldens").string());
  throw Error(Exit::usage, "check: name one of the goldens: {}", join(known, ", "));
}

void choose_lanes(CheckChoice& choice) {
  if (choice.lanes.empty()) return;
  const auto named = [&](checks::Lane lane) {
    return std::find(choice.lanes.begin(), choice.lanes.end(), name(lane)) != choice.lanes.end();
  };
  choice.gate.exact = named(checks::Lane::exact);
  choice.gate.approximate = named(checks::Lane::approximate);
  choice.gate.statistical = named(checks::Lane::statistical);
}

Checked check_chosen(const Context& context, const CheckChoice& choice) {
  if (!choice.against.empty())
    return check_against(choice.against[0], choice.against[1], {choice.format, choice.gate});
  const checks::Golden golden = chosen_golden(context, choice);
  if (!choice.base.empty()) return run_in_turns(context, golden, choice.base, choice.gate.runs);
  if (!choice.from.empty()) return check_files(golden, choice.from, {choice.format, choice.gate});
  if (golden.recipe.experiment.empty())
    throw Error(Exit::usage,
                "golden '{}' is of another program's files; give those of now with --from",
                golden.name);
  return run_gate(context, golden, choice.gate);
}

Exit run_check(const Context& context, CheckChoice& choice) {
  choose_lanes(choice);
  if (choice.self_test) {
    const checks::Golden golden = chosen_golden(context, choice);
    return run_self_test(context, golden, choice.gate.runs);
  }
  const Checked checked = check_chosen(context, choice);
  if (checked.exit != Exit::interrupted) show_checked(context, checked, choice.output);
  return checked.exit;
}

void add_check_options(CLI::App& verb, CheckChoice& choice) {
  verb.add_option("golden", choice.golden, "a name of goldens/; default: the only one");
  auto* against = verb.add_option("--against", choice.against,
                                  "BASE and NEW: runs, folders of runs, or logs of other programs")
                      ->expected(2);
  auto* from = verb.add_option("--from", choice.from,
                               "logs of now, one a seed, instead of runs; see `golden record`");
  verb.add_option("--format", choice.format, "of logs that do not tell it themselves");
  verb.add_option("--lane", choice.lanes,
                  "exact, approximate or statistical alone; may be repeated")
      ->check(CLI::IsMember({"exact", "approximate", "statistical"}))
      ->allow_extra_args(false);
  verb.add_flag("--self-test", choice.self_test, "are known faults caught?")
      ->excludes(against)
      ->excludes(from);
  from->excludes(against);
  verb.add_flag("--time", choice.gate.time, "compare the seconds of a step as well");
  verb.add_option("--base", choice.base,
                  "an old repro-worker: it and this one take turns, and their seconds are compared")
      ->excludes(against)
      ->excludes(from);
  verb.add_option("--junit", choice.output.junit, "write JUnit's XML to this file");
  verb.add_option("--markdown", choice.output.markdown, "write GitHub's Markdown to this file");
  verb.add_flag("--all", choice.output.all, "show the rows that are ok as well");
  verb.add_option("--jobs", choice.gate.runs.jobs, "jobs at a time; default: one a core")
      ->check(CLI::Range(1, 4096));
  verb.add_flag("--wait", choice.gate.runs.wait, "wait for another repro that holds the folder");
}

}  // namespace

void add_check(Program& program) {
  CLI::App& verb = program.add_verb(
      "check", "has convergence moved? runs against a golden, or two sets of runs",
      "  repro check smoke                        runs what is missing, compares, ends with a "
      "code\n"
      "  repro check smoke --junit check.xml      also for a build server; GitHub's summary by "
      "itself\n"
      "  repro check smoke --self-test            makes known faults: is each of them caught?\n"
      "  repro check smoke --base old/repro-worker    do steps take longer than with an older "
      "build?\n"
      "  repro check --against runs other         two sets of runs, no golden\n"
      "  repro check log runs/train-a/mlperf.log  does a log keep MLPerf's rules?\n"
      "Codes: 0 ok, 1 regression confirmed, 2 a run failed, 5 suspect or unstable, 6 nothing was "
      "compared.");
  auto choice = std::make_shared<CheckChoice>();
  add_check_options(verb, *choice);
  const std::shared_ptr<LogCheck> log = add_check_log(program, verb);
  program.on(verb, [&program, choice, log] {
    return log->chosen() ? log->run(program.context()) : run_check(program.context(), *choice);
  });
}

}  // namespace repro::cli
