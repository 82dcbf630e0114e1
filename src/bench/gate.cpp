#include "bench/gate.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/random.hpp"
#include "check/compare.hpp"
#include "check/replay.hpp"
#include "check/targets.hpp"
#include "measure/bootstrap.hpp"
#include "measure/power.hpp"
#include "measure/stats.hpp"

namespace repro::bench {
namespace {

using checks::Golden;
using checks::Observations;
using checks::Verdict;

constexpr int64_t kWindow = 40;
constexpr int64_t kSeeds = 10, kGateSeeds = 5;
constexpr const char* kName = "made";

run::StepRecord make_step(const MadeTraining& made, int64_t seed, int64_t step) {
  const auto s = static_cast<uint64_t>(seed);
  const auto at = static_cast<uint64_t>(step);
  const double progress = static_cast<double>(step) / made.slower;
  const double chance = made.jitter * (random_normal(made.draw + 1000, s, 0) +
                                       random_normal(made.draw + 1001, s, at));
  run::StepRecord record;
  record.step = step;
  record.lm_loss = 3 + 4 * std::pow(progress, -0.25) + made.seed_sd * random_normal(1, s, 0) +
                   made.batch_sd * random_normal(2, s, at) + made.shift + chance;
  record.loss = record.lm_loss;
  record.lr = 1e-3;
  record.grad_norm = 1 + 0.1 * random_normal(3, s, at) + chance;
  record.data_hash = mix64(s * 1'000'000 + at);
  return record;
}

struct Recorded {
  Observations seeds, twins;
  Golden golden;
};

Recorded record(double jitter, uint64_t seed) {
  Recorded recorded{.seeds = make_trainings({}, 0, kSeeds),
                    .twins = make_trainings({.jitter = jitter, .draw = 7 * seed}, 0, kSeeds),
                    .golden = {}};
  checks::Recipe recipe;
  recipe.window = kWindow;
  recipe.gate_seeds = kGateSeeds;
  recorded.golden = checks::make_golden(recorded.seeds, &recorded.twins, recipe, {});
  return recorded;
}

struct Looked {
  bool suspect = false, red = false;
};

Looked look(const Golden& golden, const MadeTraining& made) {
  const auto rows_of = [&](const std::vector<int64_t>& seeds) {
    Observations now = make_trainings(made, seeds.front(), static_cast<int64_t>(seeds.size()));
    checks::measure_like(now, golden);
    return checks::compare(golden, now, {.seeds = seeds, .exact = false});
  };
  const auto first = rows_of(golden.gate_seeds());
  if (checks::count(first, Verdict::suspect) == 0) return {};
  const auto both = checks::confirm(first, rows_of(golden.reserve_seeds()));
  return {true, checks::count(both, Verdict::regression) > 0};
}

// How often the gate with noise of this size is suspect and red of trainings that `change` made.
void count_looks(const GateBenchOptions& options, double jitter, const MadeTraining& change,
                 const std::string& what, double expected, GateReport& report, bool is_null) {
  const Recorded recorded = record(jitter, options.seed);
  Counted red{what, expected, 0, options.nulls}, suspect{what, 0, 0, options.nulls};
  for (int64_t i = 0; i < options.nulls; ++i) {
    MadeTraining made = change;
    made.jitter = jitter;
    made.draw = options.seed * 100'000 + 10 * static_cast<uint64_t>(i);
    const Looked looked = look(recorded.golden, made);
    suspect.hits += looked.suspect;
    red.hits += looked.red;
  }
  (is_null ? report.false_alarms : report.found).push_back(red);
  if (is_null) report.suspects.push_back(suspect);
}

double smallest_found(double jitter, uint64_t seed, const char* number) {
  const Recorded recorded = record(jitter, seed);
  const auto known =
      checks::replay(recorded.seeds, &recorded.twins, recorded.golden, {.replays = 0});
  return known.found.at(std::string(kName) + ": " + number);
}

std::vector<double> crossings(const MadeTraining& made, int64_t first, int64_t seeds,
                              const std::map<std::string, double>& targets) {
  Observations observed = make_trainings(made, first, seeds);
  checks::add_steps_to_loss(observed, targets, kWindow);
  const checks::Ensemble& ensemble = observed.trainings.at(kName);
  return checks::numbers_of(ensemble, "steps_to_loss", checks::seeds_of(ensemble));
}

// A slowdown of 5 % with as many seeds on either side as the plan asks for from ten recorded ones.
Counted count_slowdowns(const GateBenchOptions& options) {
  const MadeTraining usual;
  MadeTraining slow;
  slow.slower = 1.05;
  const auto targets = checks::target_losses(make_trainings(usual, 0, kSeeds), kWindow);
  const measure::Summary known = measure::summarise(crossings(usual, 0, kSeeds, targets));
  const measure::TestDesign design;
  const int64_t seeds = measure::seeds_for_power(design, 0.05 * known.mean, *known.sd);
  Counted found{fmt::format("steps to a loss + 5 %, {} seeds a side as planned", seeds), 0.8, 0,
                options.nulls};
  for (int64_t i = 0; i < options.nulls; ++i) {
    const int64_t first = 1000 + 2 * seeds * i;
    const measure::Summary before = measure::summarise(crossings(usual, first, seeds, targets));
    const auto after = crossings(slow, first + seeds, seeds, targets);
    const measure::TestResult test = measure::welch(measure::summarise(after), before);
    found.hits += test.statistic > 0 && test.p / 2 < design.alpha;
  }
  return found;
}

// Exponential or normal around 1.
std::vector<double> draw_values(bool skewed, int64_t n, uint64_t seed, uint64_t stream) {
  std::vector<double> values;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i)
    values.push_back(skewed ? -std::log(1 - random_uniform(seed, stream, i))
                            : 1 + 0.1 * random_normal(seed, stream, i));
  return values;
}

void count_coverage(const GateBenchOptions& options, GateReport& report) {
  for (const bool skewed : {false, true})
    for (const int64_t n : {5, 20}) {
      const std::string of = fmt::format("{} values, {}", n, skewed ? "skewed" : "normal");
      Counted student{"mean by Student's t, " + of, 0.95, 0, options.nulls};
      Counted bca{"mean by BCa bootstrap, " + of, 0.95, 0, options.nulls};
      for (int64_t i = 0; i < options.nulls; ++i) {
        const auto values = draw_values(skewed, n, options.seed, static_cast<uint64_t>(i));
        const auto holds = [](const measure::Interval& interval) {
          return interval.low <= 1 && 1 <= interval.high;
        };
        student.hits += holds(*measure::mean_interval(measure::summarise(values)));
        bca.hits += holds(measure::bca_interval(
            {values}, [](const measure::Samples& drawn) { return measure::mean(drawn[0]); },
            {.confidence = 0.95, .resamples = 999, .seed = options.seed}));
      }
      report.coverage.push_back(student);
      report.coverage.push_back(bca);
    }
}

std::string lines_of(const char* title, const std::vector<Counted>& all, bool most) {
  std::string text = fmt::format("{}\n", title);
  for (const Counted& one : all)
    text += fmt::format(
        "  {:<62} {:5.1f} %  of {}{}\n", one.what, 100 * one.share(), one.times,
        one.expected > 0
            ? fmt::format(", {} {:.0f} %", most ? "at most" : "expected", 100 * one.expected)
            : "");
  return text;
}

}  // namespace

Observations make_trainings(const MadeTraining& training, int64_t first_seed, int64_t seeds) {
  Observations observed;
  checks::Ensemble& ensemble = observed.trainings[kName];
  for (int64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    std::vector<run::StepRecord> steps;
    for (int64_t step = 1; step <= training.steps; ++step)
      steps.push_back(make_step(training, seed, step));
    checks::Member& member = ensemble[seed];
    checks::add_records(member, steps);
    member.numbers["final_loss"] = checks::final_mean(member.series.at("loss"), kWindow);
  }
  return observed;
}

GateReport measure_gate(const GateBenchOptions& options) {
  GateReport report;
  for (const double jitter : {0.001, 0.005, 0.02})
    count_looks(options, jitter, {}, fmt::format("noise of {} nats at one seed", jitter), 0.05,
                report, true);
  for (const double jitter : {0.005, 0.02}) {
    MadeTraining moved;
    moved.shift = smallest_found(jitter, options.seed, "final_loss");
    count_looks(
        options, jitter, moved,
        fmt::format("loss + {:.3f} nats under noise of {}, as promised", moved.shift, jitter), 0.8,
        report, false);
  }
  report.found.push_back(count_slowdowns(options));
  count_coverage(options, report);
  return report;
}

std::string to_text(const GateReport& report) {
  return lines_of("called a regression though nothing changed", report.false_alarms, true) +
         lines_of("suspect at the first look though nothing changed", report.suspects, true) +
         lines_of("changes found", report.found, false) +
         lines_of("nominal 95 % intervals that hold the truth", report.coverage, false);
}

}  // namespace repro::bench
