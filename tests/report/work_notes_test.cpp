// The paragraph on steps that are saved at equal work, and the trend over widths.

#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "report/fixture_runs.hpp"
#include "report/view.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

struct Studied {
  Studied(plan::Experiment experiment, const Fixture& fixture)
      : plan(plan::make_plan(std::move(experiment))), sources(sources_of(folder.path())) {
    write_runs(plan, fixture, folder.path());
    study.emplace(plan, sources);
  }
  TemporaryDirectory folder;
  plan::Plan plan;
  findings::Sources sources;
  std::optional<findings::Study> study;
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A fine-tune of 60 steps after four submodels of 20 ends `shift` above 4.9; full training of n
// steps at 5 - 0.2 log(n / 80).
Fixture fixture_of(double shift) {
  Fixture fixture;
  fixture.seeds = {0, 1, 2};
  fixture.full_loss = [](int64_t steps, double, int64_t) {
    return 5.0 - 0.2 * std::log(static_cast<double>(steps) / 80);
  };
  fixture.tune_loss = [shift](const std::string&, int64_t steps, int64_t seed) {
    return 4.9 + shift - 0.1 * std::log(static_cast<double>(steps) / 60) +
           0.001 * static_cast<double>(seed);
  };
  return fixture;
}

std::string saved_of(const Fixture& fixture, const std::vector<double>& horizons,
                     const std::vector<double>& rates) {
  plan::Experiment experiment = plan_of(fixture).experiment;
  experiment.corpora = {"c4"};
  experiment.check.rates = rates;
  std::get<plan::FullArm>(experiment.arms[0]).horizons = horizons;
  const Studied studied(std::move(experiment), fixture);
  const auto lines = saved_notes(*studied.study);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

std::string saved(double shift, const std::vector<double>& horizons = {0.5, 1, 1.5, 2}) {
  return saved_of(fixture_of(shift), horizons, {});
}

// One model a width, of which a fine-tune meets the target after 80 / ratio steps.
std::vector<std::string> trend(const std::vector<int64_t>& widths,
                               const std::function<double(int64_t width, int64_t seed)>& ratio) {
  Fixture fixture;
  fixture.seeds = {0, 1, 2};
  plan::Experiment experiment = plan_of(fixture).experiment;
  const plan::Experiment::ModelEntry entry = experiment.model_entries.at("qwen_moe");
  experiment.models.clear();
  experiment.view = "table1";
  experiment.corpora = {"c4"};
  std::map<std::string, int64_t> width_of;
  for (const int64_t width : widths) {
    plan::Experiment::ModelEntry one = entry;
    one.key = "w" + std::to_string(width);
    one.title = one.key;
    one.model.width = width;
    one.arm_models.assign(2, one.model);
    experiment.models.push_back(one.key);
    experiment.model_entries[one.key] = one;
  }
  plan::Plan plan = plan::make_plan(std::move(experiment));
  const TemporaryDirectory folder;
  // Losses depend on the model, which the fixture does not ask for: a plan a width writes its runs.
  for (const plan::Cell& cell : plan.cells) {
    const int64_t width = plan.experiment.model_entries.at(cell.model).model.width;
    Fixture own = fixture;
    own.tune_loss = [&, width](const std::string&, int64_t steps, int64_t seed) {
      // 5.005, the target, at 80 / ratio steps.
      return 5.005 - 0.5 * std::log(static_cast<double>(steps) * ratio(width, seed) / 80);
    };
    plan::Experiment alone = plan.experiment;
    alone.models = {cell.model};
    write_runs(plan::make_plan(std::move(alone)), own, folder.path());
  }
  const findings::Sources sources = sources_of(folder.path());
  const findings::Study study(plan, sources);
  return trend_notes(study);
}

}  // namespace

TEST_CASE("the paragraph counts the steps that equal work would have bought, and who ends lower",
          "[report]") {
  const std::string lower = saved(-0.5);
  // Four submodels of 20 steps and a fine-tune of 60 are 140 steps of samples.
  CHECK(says(lower, "samples: 60 steps against 140, which end 0."));
  CHECK(says(lower, "80 steps (57.1 %) are saved and the loss is lower"));
  CHECK(says(lower, "FLOPs: "));
  CHECK(says(lower, "dollars: "));
  CHECK(says(lower, "at untuned rates"));
  const std::string higher = saved(+0.5);
  CHECK(says(higher, "lower (95 %: 0."));
  CHECK(says(higher, "nothing is saved"));
  CHECK_FALSE(says(higher, "are saved"));
}

TEST_CASE("where rates were tried the paragraph is of both arms at their best, and says which",
          "[report]") {
  Fixture fixture = fixture_of(-0.5);
  const auto own = fixture.full_loss;
  fixture.full_loss = [own](int64_t steps, double rate, int64_t seed) {
    return own(steps, rate, seed) - (rate == 2 ? 0.1 : 0);
  };
  const std::string text = saved_of(fixture, {0.5, 1, 1.5, 2}, {0.5, 2});
  INFO(text);
  CHECK(says(text, "(x 1 and x 2 of "));
  CHECK(says(text, "samples: 60 steps against 140, which end 0."));
}

TEST_CASE("where the baseline has run no equal work the paragraph says so", "[report]") {
  CHECK(says(saved(-0.5, {1}), "samples: no run of full training takes as many"));
}

TEST_CASE("what the baseline has not run is not called equal work", "[report]") {
  const auto notes = [](const std::vector<double>& horizons) {
    const Fixture fixture = fixture_of(-0.5);
    plan::Experiment experiment = plan_of(fixture).experiment;
    experiment.corpora = {"c4"};
    std::get<plan::FullArm>(experiment.arms[0]).horizons = horizons;
    const Studied studied(std::move(experiment), fixture);
    return join(equal_work_notes(*studied.study), "\n");
  };
  CHECK(says(notes({0.5, 1, 1.5, 2}), "equal samples 0."));
  const std::string alone = notes({1});
  INFO(alone);
  CHECK(says(alone, "no run of the baseline takes as many samples"));
  CHECK_FALSE(says(alone, "equal samples"));
}

TEST_CASE("a trend over three widths goes on to the paper's, at a level of its own", "[report]") {
  const auto lines = trend({64, 96, 128}, [](int64_t width, int64_t seed) {
    return 2 * std::pow(static_cast<double>(width) / 96, -0.5) * (1 + 0.002 * double(seed - 1));
  });
  REQUIRE(lines.size() == 1);
  INFO(lines[0]);
  CHECK(says(lines[0], "over widths 64, 96, 128 (9 runs)"));
  CHECK(says(lines[0], "width to the -0.5"));
  CHECK(says(lines[0], "paper's width of 2,048 that would be 0.4"));
  CHECK(says(lines[0], "level extrapolated"));
  CHECK_FALSE(says(lines[0], "says nothing"));
}

TEST_CASE("a trend whose interval is too wide says so, and how many runs would narrow it",
          "[report]") {
  const auto lines = trend({64, 96, 128}, [](int64_t, int64_t seed) {
    return seed == 0 ? 1.5 : seed == 1 ? 2.0 : 2.7;
  });
  INFO(lines.at(0));
  CHECK(says(lines.at(0), "which says nothing; about "));
  CHECK(says(lines.at(0), " seeds at each of these widths would narrow it to 1.5"));
}

TEST_CASE("the verdicts of a view are a line each, of what the paper has too", "[report]") {
  const Fixture fixture = fixture_of(-0.5);
  plan::Experiment experiment = plan_of(fixture).experiment;
  experiment.corpora = {"c4"};
  const Studied studied(std::move(experiment), fixture);
  const auto found = findings::findings_of(*studied.study);
  const auto lines = verdict_notes(*studied.study, found);
  size_t of_paper = 0;
  for (const findings::Finding& one : found) of_paper += one.paper.has_value() && one.here;
  CHECK(lines.size() == of_paper);
  REQUIRE(lines.size() > 1);
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(line.starts_with("Qwen / C4 > web, "));
    CHECK(says(line, ": paper "));
    CHECK(says(line, ", here "));
  }
}

TEST_CASE("runs of which none reached the target make no trend", "[report]") {
  const auto lines = trend({64, 96, 128}, [](int64_t, int64_t) { return 1.0; });  // after 80 of 60
  CHECK(says(lines.at(0), "no trend: every run is only a bound"));
}

TEST_CASE("two widths make no trend", "[report]") {
  const auto lines = trend({64, 128}, [](int64_t, int64_t) { return 2.0; });
  CHECK(says(lines.at(0), "no trend: 2 width(s) have run, three are needed"));
}

}  // namespace repro::report
