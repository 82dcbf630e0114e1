#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "cli/device_price.hpp"
#include "cli/numbers_given.hpp"
#include "cli/plan_origins.hpp"
#include "cli/plan_power.hpp"
#include "cli/plan_totals.hpp"
#include "cli/plan_view.hpp"
#include "cli/pools.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "findings/search.hpp"
#include "forecast/pools.hpp"
#include "launch/executor.hpp"
#include "launch/local.hpp"
#include "launch/schedule.hpp"
#include "launch/simulation.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct PlanOptions {
  ExperimentChoice choice;
  std::string prices = "paper";
  std::vector<std::string> low, high;  // "PROFILE=PRICE"
  int jobs = 0;
  std::vector<std::string> pools;  // "PROFILE=DEVICES"
  double failures = 0;             // of a device, an hour
  double queue_minutes = 0;        // on average
  bool explain = false;
  PowerChoice power;
};

// How long it takes over these devices, of which each profile's work as the rows say.
struct PoolsTime {
  launch::Pools pools;
  double seconds = 0;
  bool whole = true;  // false: of some jobs nothing is known
  // With failures and waits, ascending; empty where nobody asked.
  std::vector<launch::Simulated> troubled = {};
};
PoolsTime time_over_pools(const plan::Plan& plan, const std::vector<forecast::PlanRow>& rows,
                          const std::vector<bool>& done, const forecast::MachineSpeed& speed,
                          const PlanOptions& options) {
  constexpr int64_t kSimulations = 200;
  const launch::Pools pools = parse_pools(options.pools, plan.graph);
  const forecast::JobSeconds jobs = forecast::seconds_on_profiles(plan.graph, rows, done, speed);
  const launch::ScheduleOptions schedule{.slots = launch::kUnlimited, .pools = pools};
  PoolsTime time{pools, launch::makespan(plan.graph, jobs.seconds, schedule), jobs.whole};
  if (options.failures > 0 || options.queue_minutes > 0)
    time.troubled = launch::simulate_often(
        plan.graph, jobs.seconds, schedule,
        {.failures_per_device_hour = options.failures,
         .queue_seconds = options.queue_minutes * 60,
         .checkpoint_seconds = forecast::seconds_between_checkpoints(plan.graph, jobs.seconds)},
        kSimulations);
  return time;
}

// Middle and 95 % of the simulations.
struct TroubledHours {
  double median = 0, low = 0, high = 0;
  double failures = 0;  // mean
  bool finished = true;
};
TroubledHours hours_of(const std::vector<launch::Simulated>& ascending) {
  const size_t count = ascending.size(), edge = count / 40;
  TroubledHours hours{ascending[count / 2].seconds / 3600, ascending[edge].seconds / 3600,
                      ascending[count - 1 - edge].seconds / 3600};
  for (const launch::Simulated& one : ascending) {
    hours.failures += static_cast<double>(one.failures) / static_cast<double>(count);
    hours.finished = hours.finished && one.finished;
  }
  return hours;
}

std::string text_of(const PoolsTime& time) {
  const std::string bound = time.whole ? "" : "at least ";
  std::string text = fmt::format("over {}: {}about {}", pools_text(time.pools), bound,
                                 human_seconds(time.seconds));
  if (time.troubled.empty()) return text;
  const TroubledHours hours = hours_of(time.troubled);
  if (!hours.finished)
    return text + "; with these failures it does not end: they come faster than checkpoints";
  return text +
         fmt::format("; with failures and waits {}about {} (95 %: {} to {}; {:.1f} failures)",
                     bound, human_seconds(hours.median * 3600), human_seconds(hours.low * 3600),
                     human_seconds(hours.high * 3600), hours.failures);
}

json json_of(const PoolsTime& time) {
  json object = {{"pools", time.pools}, {"hours", time.seconds / 3600}, {"whole", time.whole}};
  if (time.troubled.empty()) return object;
  const TroubledHours hours = hours_of(time.troubled);
  object["troubled"] = {{"hours", hours.median},      {"hours_low", hours.low},
                        {"hours_high", hours.high},   {"failures", hours.failures},
                        {"finished", hours.finished}, {"simulations", time.troubled.size()}};
  return object;
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
                 {"devices", row.devices},
                 {"evidence", row.hours ? key(row.evidence) : key(measure::Evidence::none)},
                 {"jobs", json::array()},
                 {"hours", nullptr},
                 {"hours_low", nullptr},
                 {"hours_high", nullptr},
                 {"dollars", nullptr},
                 {"parameters", nullptr},
                 {"memory_bytes", nullptr}};
  for (size_t job : row.jobs) object["jobs"].push_back(plan.graph[job].directory);
  if (row.hours) object["hours"] = *row.hours;
  if (row.hours_range) {
    object["hours_low"] = row.hours_range->low;
    object["hours_high"] = row.hours_range->high;
  }
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

json json_of(const PlanTotals& totals) {
  json devices = json::object();
  for (const auto& [name, device] : totals.devices)
    devices[name] = {{"hours", device.hours},
                     {"hours_low", device.low},
                     {"hours_high", device.high},
                     {"price", device.price ? json(*device.price) : json()}};
  return {{"devices", devices},
          {"missing_prices", totals.missing_prices},
          {"dollars", totals.dollars ? json(*totals.dollars) : json()},
          {"whole", totals.whole}};
}

// What the hours and dollars rest on, and their sums by device.
void print_totals(const plan::Plan& plan, const std::vector<forecast::PlanRow>& rows,
                  const forecast::PlanBasis& basis, const forecast::MachineSpeed& speed) {
  const PlanTotals totals = totals_of(rows, basis);
  for (const std::string& line : total_lines(totals, plan.experiment, basis)) say("{}\n", line);
  std::set<std::string> kinds;
  for (const forecast::PlanRow& row : rows)
    if (row.hours) kinds.insert(evidence_text(row));
  say("times are {}; this machine's speed: {}\n", join({kinds.begin(), kinds.end()}, " and "),
      speed.basis());
  const std::string sum = total_lines(totals, plan.experiment, basis).back();
  for (const std::string& doubt : plan_doubts(totals, plan.experiment, rows, basis))
    if (doubt != sum) say("{}\n", doubt);
}

Exit show_plan(const Context& context, const PlanOptions& options) {
  const plan::Plan plan = load_plan(context, options.choice);
  if (options.explain) {
    show_origins(context, plan.experiment, options.choice);
    return Exit::ok;
  }
  if (options.power.power) {
    show_power(context, plan, options.power);
    return Exit::ok;
  }
  const forecast::MachineSpeed speed(plan.graph, context.runs);
  forecast::PlanBasis basis = forecast::load_basis(context.root(), plan.experiment, options.prices);
  give_prices(options.low, plan.experiment, basis.prices);
  give_prices(options.high, plan.experiment, basis.prices);
  // Of a ladder that is searched as much as the search may take at its longest.
  const std::vector<bool> counted = findings::most_jobs(plan);
  const std::vector<bool> done = launch::find_done(plan.graph, context.runs);
  const std::vector<forecast::PlanRow> rows =
      forecast::plan_rows(plan, counted, done, speed, basis);
  std::optional<PoolsTime> over_pools;
  if (!options.pools.empty())
    over_pools = time_over_pools(plan, rows, done, speed, options);
  else if (options.failures > 0 || options.queue_minutes > 0)
    throw Error(Exit::usage, "--failures, --queue-wait: of a plan over devices; add --pool");
  if (context.json) {
    const PlanTotals totals = totals_of(rows, basis);
    json answer = {{"experiment", plan.experiment.name},
                   {"scale", plan.experiment.scale.name},
                   {"rows", json::array()},
                   {"totals", json_of(totals)},
                   {"doubts", plan_doubts(totals, plan.experiment, rows, basis)},
                   {"memory_warnings", memory_warnings(rows, basis)}};
    for (const forecast::PlanRow& row : rows) answer["rows"].push_back(json_of(row, plan));
    if (over_pools) answer["makespan"] = json_of(*over_pools);
    print(answer);
    return Exit::ok;
  }
  // Where no terminal is narrower, as wide as its numbers.
  constexpr size_t kWide = 128;
  say_text(
      report::to_terminal(plan_table(plan, rows, basis), is_terminal() ? terminal_width() : kWide));
  say("\n");
  print_totals(plan, rows, basis, speed);
  if (over_pools) say("{}\n", text_of(*over_pools));
  if (plan.experiment.match.device != "cpu") return Exit::ok;
  const int slots =
      options.jobs > 0 ? options.jobs : static_cast<int>(launch::available_cores().size());
  say("to run here, {} jobs at a time: {} {}\n", slots,
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
      "  repro plan table3 --low rtx-4090=0.40 --high a100-80g=0.87\n"
      "  repro plan table3 --scale paper --pool rtx-4090=4 --pool a100-80g=1   how long over "
      "these\n"
      "  repro plan table3 --scale paper --pool rtx-4090=4 --pool a100-80g=1 --failures 0.01 "
      "--queue-wait 30\n"
      "  repro plan table3 --explain             each resolved value and the line it came from\n"
      "  repro plan table3 --power 0.8 --effect 0.05    how many seeds find a change of 5 %");
  auto options = std::make_shared<PlanOptions>();
  add_experiment(verb, options->choice);
  verb.add_option("--jobs", options->jobs, "jobs at a time; default: one a core")
      ->check(CLI::Range(1, 4096));
  add_pool_option(verb, options->pools);
  verb.add_option("--failures", options->failures,
                  "with --pool: how often a device fails, an hour; its job goes on from its "
                  "checkpoint")
      ->check(CLI::Range(0.0, 1e4));
  verb.add_option("--queue-wait", options->queue_minutes,
                  "with --pool: minutes that a job waits in a queue before it starts, on average")
      ->check(CLI::Range(0.0, 1e6));
  verb.add_option("--prices", options->prices, "price snapshot of hardware_profiles/prices")
      ->capture_default_str();
  verb.add_option("--low", options->low,
                  "price of a device besides the baseline's, as PROFILE=PRICE, dollars an hour")
      ->allow_extra_args(false);
  verb.add_option("--high", options->high, "price of the baseline's device, likewise")
      ->allow_extra_args(false);
  verb.add_flag("--explain", options->explain, "print each resolved value with its file and line");
  auto* power = verb.add_option("--power", options->power.power,
                                "how many seeds find a change so often; nothing else is planned")
                    ->check(number_within(0.01, 0.999, "of 1"));
  verb.add_option("--effect", options->power.effect,
                  "the change, as a share of the steps to a loss")
      ->check(number_within(1e-4, 10, "of 1"))
      ->capture_default_str()
      ->needs(power);
  verb.add_option("--alpha", options->power.alpha, "of the one-sided test")
      ->check(number_within(1e-6, 0.5, "of 1"))
      ->capture_default_str()
      ->needs(power);
  verb.add_option("--spread", options->power.spread,
                  "from seed to seed, as a share; default: of the runs that are done")
      ->check(number_within(1e-6, 10, "of 1"))
      ->needs(power);
  program.on(verb, [&program, options] { return show_plan(program.context(), *options); });
}

}  // namespace repro::cli
