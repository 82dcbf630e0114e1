#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/decide_view.hpp"
#include "cli/device_price.hpp"
#include "cli/numbers_given.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "config/library.hpp"

namespace repro::cli {
namespace {

struct DecideChoice {
  ExperimentChoice experiment = {.scale = "paper"};
  std::vector<std::string> have;  // "8xl40s=0.79"
  std::string want = "cheapest";
  std::string prices;  // snapshot; "" = any that has the device
  std::optional<double> share;
  bool selftest = false;
};

// "8xl40s=0.79": eight, and the device with its price.
struct Have {
  int64_t count = 1;
  DeviceAtPrice device;
};

Have parse_have(const std::string& text) {
  constexpr int64_t kMostDevices = 100'000;
  const size_t digits = text.find_first_not_of("0123456789");
  const bool counted = digits != 0 && digits != std::string::npos && text[digits] == 'x';
  if (!counted) return {1, parse_device(text)};
  int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + digits, count);
  if (error != std::errc() || stop != text.data() + digits || count < 1 || count > kMostDevices)
    throw Error("'{}': how many? Write 1 to {} before the x, as in 8xl40s=0.79", text,
                kMostDevices);
  return {count, parse_device(text.substr(digits + 1))};
}

// All snapshots, or the one that is named.
std::vector<config::PriceSnapshot> snapshots_of(const fs::path& root, const std::string& name) {
  if (!name.empty()) return {config::find_prices(root, name)};
  std::vector<config::PriceSnapshot> all;
  for (const std::string& one : config::price_names(root))
    all.push_back(config::find_prices(root, one));
  return all;
}

forecast::Pool pool_of(const fs::path& root, const Have& have,
                       const std::vector<config::PriceSnapshot>& snapshots) {
  forecast::Pool pool{.device = config::find_profile(root, have.device.device),
                      .count = have.count};
  if (have.device.price) {
    pool.price = *have.device.price;
    return pool;
  }
  // Of several the latest dated one; a snapshot without a date is older than all.
  std::string latest;
  bool found = false;
  for (const config::PriceSnapshot& snapshot : snapshots) {
    const auto spread = snapshot.spread(pool.device.name);
    const std::string date = snapshot.date == "not stated" ? "" : snapshot.date;
    if (!spread || (found && date <= latest)) continue;
    pool.price = spread->median;
    latest = date;
    found = true;
  }
  if (!found)
    throw Error("no snapshot has a price of '{}'; write {}=PRICE, dollars an hour",
                pool.device.name, have.device.device);
  return pool;
}

std::vector<forecast::Pool> pools_of(const fs::path& root, const DecideChoice& choice,
                                     const std::vector<config::PriceSnapshot>& snapshots) {
  std::vector<forecast::Pool> pools;
  for (const std::string& text : choice.have) {
    forecast::Pool pool = pool_of(root, parse_have(text), snapshots);
    for (const forecast::Pool& known : pools)
      if (known.device.name == pool.device.name)
        throw Error("'{}' is given twice; write how many there are in all, as in 8x{}",
                    pool.device.name, pool.device.name);
    pools.push_back(std::move(pool));
  }
  return pools;
}

forecast::ThroughputModel throughput_of(const fs::path& root) {
  return forecast::ThroughputModel(
      forecast::find_throughput_vectors(root),
      [&](const std::string& name) { return config::find_profile(root, name); });
}

Exit run_selftest(const Context& context) {
  const forecast::ThroughputModel model = throughput_of(context.root());
  const forecast::SelfTest test = model.selftest();
  if (context.json) {
    print(selftest_json(test));
  } else {
    print(selftest_table(test));
    say("\n{}\n", selftest_sentence(test));
  }
  return test.vectors.empty() ? Exit::nothing_measured : Exit::ok;
}

void show(const Decision& decision, const std::vector<SnapshotPrice>& prices) {
  say("{}\n", decision_sentence(decision));
  for (const std::string& turn : decision_turns(decision)) say("  {}\n", turn);
  say("\n");
  print(decision_options(decision));
  if (decision.option && decision.baseline) {
    say("\n");
    print(decision_cells(decision));
  }
  say("\n");
  print(decision_phases(decision));
  if (!prices.empty()) {
    say("\n");
    print(decision_snapshots(decision, prices));
  }
  say("\n");
  for (const std::string& doubt : decision_doubts(decision)) say("  {}\n", doubt);
}

Exit run_decide(const Context& context, DecideChoice choice) {
  if (choice.selftest) return run_selftest(context);
  const fs::path root = context.root();
  if (choice.have.empty())
    throw Error(Exit::usage, "decide: which devices? --have 8xl40s=0.79 --have h100-sxm=2.99");
  if (choice.experiment.name.empty()) choice.experiment.name = config::default_of(root, "decide");
  const std::vector<config::PriceSnapshot> snapshots = snapshots_of(root, choice.prices);
  std::vector<forecast::Pool> pools = pools_of(root, choice, snapshots);
  const plan::Plan plan = load_plan(context, choice.experiment);
  const forecast::ThroughputModel throughput = throughput_of(root);
  const Decision decision = decide(
      decide_tasks(context, plan, choice.share), std::move(pools),
      choice.want == "fastest" ? forecast::Want::fastest : forecast::Want::cheapest, throughput);
  const std::vector<SnapshotPrice> prices = snapshot_prices(decision, snapshots);
  if (context.json)
    print(decision_json(decision, prices));
  else
    show(decision, prices);
  return decision.option && decision.baseline ? Exit::ok : Exit::nothing_measured;
}

}  // namespace

void add_decide(Program& program) {
  CLI::App& verb = program.add_verb(
      "decide", "would a method pay on the devices that you have, at your prices?",
      "  repro decide --have 8xl40s=0.79 --have h100-sxm=2.99\n"
      "  repro decide table3 --have 4xrtx-4090 --have a100-80g --want fastest\n"
      "  repro decide --have 8xl40s=0.79 --have h100-sxm=2.99 --share 0.7    a longer last phase\n"
      "  repro decide --selftest                 how well published throughputs predict each "
      "other\n"
      "Prices are dollars a device and hour; without one the latest snapshot's median is taken.\n"
      "Speeds are read off steps that were measured on the device, else off published trainings\n"
      "near the question; where none is near, that is said and nothing is promised.");
  auto choice = std::make_shared<DecideChoice>();
  add_experiment(verb, choice->experiment, false);
  verb.add_option("--have", choice->have,
                  "devices, as PROFILE, PROFILE=PRICE or 8xPROFILE=PRICE; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--want", choice->want, "cheapest or fastest")
      ->check(CLI::IsMember({"cheapest", "fastest"}))
      ->capture_default_str();
  verb.add_option("--prices", choice->prices,
                  "snapshot for devices without a price; default: all of them");
  verb.add_option("--share", choice->share,
                  "steps of the last phase, in parts of full training's; default: the paper's")
      ->check(number_within(0, 100, "parts of full training's steps"));
  verb.add_flag("--selftest", choice->selftest,
                "leave every published throughput out in turn and show what the others make of it");
  program.on(verb, [&program, choice] { return run_decide(program.context(), *choice); });
}

}  // namespace repro::cli
