#include "findings/timing.hpp"

#include "findings/findings.hpp"
#include "findings/study.hpp"
#include "findings/values.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

using plan::Speed;
using report::Fixture;

// A study of a fixture's runs, whose saving is asked for.
struct Timed {
  explicit Timed(const Fixture& fixture, plan::Plan planned)
      : plan(std::move(planned)), sources(report::sources_of(folder.path())) {
    report::write_runs(plan, fixture, folder.path());
    read_again();
  }
  explicit Timed(const Fixture& fixture = {}) : Timed(fixture, report::plan_of(fixture)) {}
  void read_again() { study.emplace(plan, sources); }
  SeedValue ask(const std::string& here) const {
    claims::Quantity quantity = *sources.claims.quantity("saving");
    quantity.here.emplace(here);
    const auto value = value_of(quantity, *study, study->rows[0].seeds[0]);
    REQUIRE(value);
    return *value;
  }
  SeedValue saving() const { return ask("1 - dollars.disco / dollars.full"); }
  double saving_at(const Speed& speed) {
    plan.experiment.speed = speed;
    read_again();
    return saving().value;
  }

  TemporaryDirectory folder;
  plan::Plan plan;
  Sources sources;
  std::optional<Study> study;
};

Fixture with_slow_full_run(double times) {
  Fixture fixture;
  fixture.slowness = [times](const std::string& corpus, const std::string& phase) {
    return corpus == "c4" && phase == "full" ? times : 1.0;
  };
  return fixture;
}

// Fine-tunes of 65.9 % of the full steps; submodels of 13.5 % of the full run's dollars where their
// device is as fast: what a saving of 20.6 % can be made of.
Fixture saving_a_fifth() {
  Fixture fixture;
  fixture.tune_loss = [](const std::string&, int64_t steps, int64_t) {
    return steps < 659 ? 5.9 : 5.005 - 1e-9;
  };
  fixture.slowness = [](const std::string&, const std::string& phase) {
    return phase == "submodel" ? 0.135 / (0.06 * 0.35 / (0.1 * 2.28)) : 1.0;
  };
  return fixture;
}

plan::Plan plan_of_a_thousand_steps(const Fixture& fixture) {
  plan::Experiment experiment = report::plan_of(fixture).experiment;
  experiment.steps = 1000;
  std::get<plan::DiscoArm>(experiment.arms[1]).finetune.horizons = {0.4, 0.659};
  return plan::make_plan(std::move(experiment));
}

double ratio_of(const Study& study) { return study.timing.speeds().relative("rtx-4090"); }

}  // namespace

TEST_CASE("by default devices differ as their data sheets' peaks do", "[findings]") {
  const Timed timed;
  CHECK(ratio_of(*timed.study) == Approx(312 / 165.2));
  CHECK(timed.study->timing.speeds().relative("a100-80g") == 1);
  CHECK(timed.ask("hours.disco.submodels").value == Approx(20 * 0.06 * 312 / 165.2 / 3600));
}

TEST_CASE("a saving of 20.6 % at equal speed is one of 8.6 % at the data sheets' ratio",
          "[findings]") {
  const Fixture fixture = saving_a_fifth();
  Timed timed(fixture, plan_of_a_thousand_steps(fixture));
  CHECK(timed.saving_at({Speed::Rule::equal}) == Approx(0.206).margin(5e-4));
  CHECK(timed.saving_at({Speed::Rule::peaks}) == Approx(0.086).margin(5e-4));
  CHECK(timed.saving_at({Speed::Rule::given, 1.4}) == Approx(0.152).margin(5e-4));
}

TEST_CASE("what the paper's hours say of its devices lies between the two", "[findings]") {
  plan::Experiment experiment;
  experiment.claims = "moe_disco";
  plan::FullArm full;
  full.profile = "a100-80g";
  plan::DiscoArm disco;
  disco.submodel.profile = "rtx-4090";
  disco.finetune.profile = "a100-80g";
  experiment.arms = {full, disco};
  const claims::Claims claims = claims::find_claims(REPRO_SOURCE_ROOT, "moe_disco");
  const std::map<std::string, config::Profile> none;
  const Speeds speeds = speeds_by({Speed::Rule::paper}, {experiment, claims, none, ""});
  CHECK(speeds.relative("rtx-4090") > 1.34);
  CHECK(speeds.relative("rtx-4090") < 1.42);
  std::get<plan::DiscoArm>(experiment.arms[1]).submodel.profile = "h100-sxm";
  CHECK_THROWS_WITH(speeds_by({Speed::Rule::paper}, {experiment, claims, none, ""}),
                    Catch::Contains("the paper's hours are of 'a100-80g' and 'rtx-4090'") &&
                        Catch::Contains("set speed to a ratio"));
}

TEST_CASE("measured speeds need a measurement on both devices, and say what to run", "[findings]") {
  Timed timed;
  timed.plan.experiment.speed = {Speed::Rule::measured};
  CHECK_THROWS_WITH(timed.read_again(), Catch::Contains("speed = measured") &&
                                            Catch::Contains("repro profile measure"));
  for (auto& [name, profile] : timed.sources.profiles)
    profile.measured.gemms = {{.dtype = "bf16", .flops = name == "rtx-4090" ? 150e12 : 225e12}};
  timed.read_again();
  CHECK(ratio_of(*timed.study) == Approx(1.5));
  for (auto& [name, profile] : timed.sources.profiles)
    profile.measured.steps = {{.model = "qwen_moe",
                               .size = "paper",
                               .precision = "bf16-mixed",
                               .batch = 16,
                               .seconds = name == "rtx-4090" ? 3.2 : 2.0}};
  timed.read_again();
  CHECK(ratio_of(*timed.study) == Approx(1.6));
}

TEST_CASE("how far measured speeds are known goes into the interval", "[findings]") {
  Timed timed;
  timed.plan.experiment.speed = {Speed::Rule::measured};
  const auto measure = [&](double reach) {
    for (auto& [name, profile] : timed.sources.profiles) {
      const double flops = name == "rtx-4090" ? 150e12 : 225e12;
      profile.measured.gemms = {{.dtype = "bf16",
                                 .flops = flops,
                                 .flops_low = flops / (1 + reach),
                                 .flops_high = flops * (1 + reach)}};
    }
    timed.read_again();
    return timed.saving();
  };
  const SeedValue exact = measure(0), known = measure(0.1);
  CHECK(known.value == Approx(exact.value));
  CHECK(exact.open.timing == Approx(0).margin(1e-9));
  // Submodels' dollars, at a ratio that is known to a factor of 1.1 on both devices.
  const double share = timed.ask("dollars.disco.submodels / dollars.full").value;
  CHECK(known.open.timing == Approx(share * (std::pow(1.1, std::sqrt(2)) - 1)));
}

TEST_CASE("a device without a peak has no speed, which is said before any number", "[findings]") {
  Timed timed;
  timed.sources.profiles.at("rtx-4090").peaks.clear();
  CHECK_THROWS_WITH(timed.read_again(), Catch::Contains("profile 'rtx-4090' has no bf16 peak") &&
                                            Catch::Contains("set speed to a ratio, to \"equal\""));
}

TEST_CASE("hours on the device that the runs ran on need no ratio", "[findings]") {
  Timed timed;
  timed.sources.machine = timed.sources.profiles.at("rtx-4090");
  timed.read_again();
  CHECK(ratio_of(*timed.study) == 1);
}

TEST_CASE("a run that took five times as long leaves the saving where it was, less certain",
          "[findings]") {
  const Timed calm, busy(with_slow_full_run(5));
  const SeedValue before = calm.saving(), after = busy.saving();
  CHECK(after.value == Approx(before.value));
  CHECK(before.open.timing == Approx(0).margin(1e-9));
  CHECK(after.open.timing > 0.02);
  CHECK(busy.study->timing.worst_spread() == Approx(5));
  // By the clock of that run it would have moved by far more than that.
  const double billed = busy.ask("1 - billed_dollars.disco / billed_dollars.full").value;
  CHECK(std::fabs(billed - before.value) > 0.3);
}

TEST_CASE("half of all runs slowed threefold widen the interval to both answers", "[findings]") {
  Fixture fixture;
  fixture.slowness = [](const std::string& corpus, const std::string& phase) {
    return corpus == "c4" && phase != "submodel" ? 3.0 : 1.0;
  };
  const Timed calm, busy(fixture);
  const double moved = std::fabs(busy.saving().value - calm.saving().value);
  CHECK(busy.saving().open.timing >= Approx(moved));
}

TEST_CASE("a step that stalls moves no median", "[findings]") {
  Timed timed;
  const double before = timed.saving().value;
  const size_t full = timed.plan.cells[0].arms[0].endings[0].job;
  Outcomes outcomes = timed.study->outcomes;
  for (run::StepRecord& step : outcomes[full].training->records.steps)
    if (step.step >= 30) step.clocks.train += 100;
  const Timing timing(timed.plan, outcomes, timed.study->timing.speeds());
  CHECK(timing.step_seconds(full) == Approx(0.1));
  CHECK(
      value_at(*timed.sources.claims.quantity("saving"), *timed.study, timed.study->rows[0], timing)
          ->value == Approx(before));
}

TEST_CASE("the interval of a median is that of the order statistics, or of the spread",
          "[findings]") {
  CHECK(median_interval({2, 2, 2}).low == Approx(2));
  // Six values: from the least to the greatest holds the median in 96.9 % of samples.
  const auto six = median_interval({1, 1.1, 1.2, 1.3, 1.4, 1.5});
  CHECK(six.low <= 1);
  CHECK(six.high >= 1.5);
  // Four: too few for that; the spread of 4 to the power of 1 / sqrt(4).
  const auto four = median_interval({1, 2, 2, 4});
  CHECK(four.low == Approx(1));
  CHECK(four.high == Approx(4));
}

TEST_CASE("billed measures are the runs' own clocks, without a speed", "[findings]") {
  const Timed timed;
  // A submodel: 20 x 0.06 s + 1.5 s of evaluation, checkpoints and start.
  CHECK(timed.ask("billed_hours.disco.submodels").value == Approx(2.7 / 3600));
  CHECK(timed.ask("billed_device_hours.disco.submodels").value == Approx(4 * 2.7 / 3600));
  CHECK(timed.ask("billed_dollars.disco.submodels").value == Approx(4 * 2.7 / 3600 * 0.35));
  CHECK(timed.ask("billed_hours.full").value == Approx(9.5 / 3600));
}

TEST_CASE("what rests on a median or a relative speed is calibrated, the rest is measured",
          "[findings]") {
  const Timed timed;
  const auto evidence = [&](const char* here) {
    claims::Quantity quantity = *timed.sources.claims.quantity("saving");
    quantity.here.emplace(here);
    return evidence_of(quantity);
  };
  using measure::Evidence;
  CHECK(evidence("1 - dollars.disco / dollars.full") == Evidence::calibrated);
  CHECK(evidence("hours.disco.submodels") == Evidence::calibrated);
  CHECK(evidence("billed_hours.full") == Evidence::measured);
  CHECK(evidence("steps.full / steps.disco") == Evidence::measured);
  for (const Finding& finding : findings_of(*timed.study))
    if (finding.quantity == "saving") CHECK(finding.evidence == "calibrated");
}

TEST_CASE("several offers leave half of their spread open, one offer nothing", "[findings]") {
  Timed timed;
  CHECK(timed.saving().open.prices == 0);
  timed.sources.prices.offers.push_back(report::offer("rtx-4090", 0.25));
  timed.sources.prices.offers.push_back(report::offer("rtx-4090", 0.55));
  timed.read_again();
  // Median 0.35 as before; submodels cost 4 x 20 x 0.06 s x 312 / 165.2 x price.
  const double hours = 4 * 20 * 0.06 * 312 / 165.2, full = 8 * 2.28;
  CHECK(timed.saving().open.prices == Approx(hours * (0.55 - 0.25) / 2 / full));
}

}  // namespace repro::findings
