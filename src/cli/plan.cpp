#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "cli/plan_origins.hpp"
#include "cli/plan_view.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "findings/search.hpp"
#include "launch/executor.hpp"
#include "launch/local.hpp"
#include "launch/schedule.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct PlanOptions {
  ExperimentChoice choice;
  std::string prices = "paper";
  int jobs = 0;
  bool explain = false;
};

// Seconds until the last job ends here, with so many at a time.
double seconds_here(const plan::Plan& plan, const std::vector<bool>& counted,
                    const std::filesystem::path& runs, const forecast::MachineSpeed& speed,
                    int slots) {
  std::vector<double> seconds = speed.seconds(plan.graph);
  const std::vector<bool> done = launch::find_done(plan.graph, runs);
  for (size_t job = 0; job < seconds.size(); ++job)
    if (done[job] || !counted[job]) seconds[job] = 0;
  return launch::makespan(plan.graph, seconds, slots);
}

// Of its hours; "" where there are none.
std::string evidence_text(const forecast::PlanRow& row) {
  return row.hours ? std::string(name(row.evidence)) : "";
}

json json_of(const forecast::PlanRow& row, const plan::Plan& plan) {
  json object = {{"cell", row.corpus.empty() ? row.cell : row.cell + " " + row.corpus},
                 {"arm", row.arm},
                 {"model", row.model},
                 {"phase", row.phase},
                 {"done", row.done},
                 {"steps", row.steps},
                 {"profile", row.profile},
                 {"evidence", evidence_text(row)},
                 {"jobs", json::array()},
                 {"hours", nullptr},
                 {"dollars", nullptr},
                 {"parameters", nullptr},
                 {"memory_bytes", nullptr}};
  for (size_t job : row.jobs) object["jobs"].push_back(plan.graph[job].directory);
  if (row.hours) object["hours"] = *row.hours;
  if (row.dollars) object["dollars"] = *row.dollars;
  if (row.cost) {
    object["parameters"] = row.cost->parameters;
    object["memory_bytes"] = {
        {"16", forecast::memory_at(*row.cost, measure::StateLayout::bytes_16)},
        {"12", forecast::memory_at(*row.cost, measure::StateLayout::bytes_12)},
        {"8", forecast::memory_at(*row.cost, measure::StateLayout::bytes_8)}};
  }
  return object;
}

// What the hours and dollars rest on, and their sums by device.
// Devices that work for hours which the snapshot has no price of.
std::set<std::string> unpriced_devices(const std::vector<forecast::PlanRow>& rows) {
  std::set<std::string> devices;
  for (const forecast::PlanRow& row : rows)
    if (row.hours && !row.dollars && !row.profile.empty()) devices.insert(row.profile);
  return devices;
}

void print_totals(const plan::Plan& plan, const std::vector<forecast::PlanRow>& rows,
                  const forecast::PlanBasis& basis, const forecast::MachineSpeed& speed) {
  std::map<std::string, std::pair<double, double>> sums;  // device -> hours, dollars
  std::set<std::string> evidence;
  for (const forecast::PlanRow& row : rows) {
    if (row.hours) evidence.insert(evidence_text(row));
    if (!row.dollars) continue;
    sums[row.profile].first += *row.hours;
    sums[row.profile].second += *row.dollars;
  }
  std::set<std::string> unknown;
  for (const forecast::PlanRow& row : rows)
    if (!row.hours) unknown.insert(row.phase);
  double total = 0;
  for (const auto& [device, sum] : sums) {
    total += sum.second;
    fmt::print("{}: {:.4g} device-hours at ${:.2f}/h = ${:.4g}\n", device, sum.first,
               basis.prices.spread(device)->median, sum.second);
  }
  const std::set<std::string> unpriced = unpriced_devices(rows);
  if (unpriced.empty()) {
    fmt::print("all devices: ${:.4g} (prices: {})\n", total, basis.prices.name);
  } else {
    const std::string devices = join({unpriced.begin(), unpriced.end()}, ", ");
    fmt::print(
        "all devices: n/m, because snapshot '{}' has no price of {}; `repro price import` "
        "makes a\nsnapshot of a catalog, and --prices FILE.toml takes it\n",
        basis.prices.name, devices);
  }
  const std::vector<std::string> kinds(evidence.begin(), evidence.end());
  fmt::print("times are {}; this machine's speed: {}\n", join(kinds, " and "), speed.basis());
  if (!unknown.empty())
    fmt::print("not known until one has run here: the time of {}\n",
               join({unknown.begin(), unknown.end()}, ", "));
  if (plan.experiment.scale.stand_in)
    fmt::print(
        "scale {} is a stand-in: this machine's hours at the prices of the paper's devices\n",
        plan.experiment.scale.name);
}

Exit show_plan(const Context& context, const PlanOptions& options) {
  const plan::Plan plan = load_plan(context, options.choice);
  if (options.explain) {
    show_origins(context, plan.experiment, options.choice);
    return Exit::ok;
  }
  const forecast::MachineSpeed speed(plan.graph, context.runs);
  const forecast::PlanBasis basis =
      forecast::load_basis(context.root(), plan.experiment, options.prices);
  // Of a ladder that is searched as much as the search may take at its longest.
  const std::vector<bool> counted = findings::most_jobs(plan);
  const std::vector<forecast::PlanRow> rows =
      forecast::plan_rows(plan, counted, launch::find_done(plan.graph, context.runs), speed, basis);
  const std::vector<std::string> warnings = memory_warnings(rows, basis);
  if (context.json) {
    json answer = {{"experiment", plan.experiment.name},
                   {"scale", plan.experiment.scale.name},
                   {"rows", json::array()},
                   {"memory_warnings", warnings}};
    for (const forecast::PlanRow& row : rows) answer["rows"].push_back(json_of(row, plan));
    print(answer);
    return Exit::ok;
  }
  // Its numbers do not wrap: below this width they would only be torn apart.
  constexpr size_t kNarrowest = 128;
  fmt::print("{}", report::to_terminal(plan_table(plan, rows, basis),
                                       std::max(terminal_width(), kNarrowest)));
  fmt::print("\n");
  for (const std::string& line : warnings) fmt::print("memory: {}\n", line);
  print_totals(plan, rows, basis, speed);
  if (plan.experiment.match.device != "cpu") return Exit::ok;
  const int slots =
      options.jobs > 0 ? options.jobs : static_cast<int>(launch::available_cores().size());
  fmt::print("to run here, {} jobs at a time: {} {}\n", slots,
             std::count(counted.begin(), counted.end(), false) > 0 ? "at most about" : "about",
             human_seconds(seconds_here(plan, counted, context.runs, speed, slots)));
  return Exit::ok;
}

}  // namespace

void add_plan(Program& program) {
  CLI::App& verb = program.add_verb(
      "plan", "the jobs, their predicted hours, memory and dollars; starts nothing",
      "  repro plan table3                       what `repro run table3` would do\n"
      "  repro plan table3 --scale paper         the published sizes: do they fit, what they cost\n"
      "  repro plan table3 --explain             each resolved value and the line it came from");
  auto options = std::make_shared<PlanOptions>();
  add_experiment(verb, options->choice);
  verb.add_option("--jobs", options->jobs, "jobs at a time; default: one a core")
      ->check(CLI::Range(1, 4096));
  verb.add_option("--prices", options->prices, "price snapshot of hardware_profiles/prices")
      ->capture_default_str();
  verb.add_flag("--explain", options->explain, "print each resolved value with its file and line");
  program.on(verb, [&program, options] { return show_plan(program.context(), *options); });
}

}  // namespace repro::cli
