#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "config/assembly_spec.hpp"
#include "measure/growth.hpp"
#include "measure/parameters.hpp"
#include "worker/jobs_fixture.hpp"

using namespace repro;
using namespace repro::worker;
using nlohmann::json;
using train::Runs;

namespace {

config::ModelConfig pool(int64_t experts) {
  config::ModelConfig model = train::tiny_model();
  model.experts = experts;
  model.top_k = 2;
  model.router.score = config::Score::sigmoid;
  model.router.normalise = true;
  model.router.bias_rate = 1e-3;
  return model;
}

config::TrainSpec stage(int64_t experts, int64_t first, int64_t steps) {
  config::TrainSpec spec = train::tiny_spec();
  spec.model = pool(experts);
  spec.optimizer.schedule = "constant";
  spec.optimizer.warmup = 0;
  spec.first_step = first;
  spec.steps = steps;
  return spec;
}

config::GrowSpec growth(int64_t before, int64_t after) {
  config::GrowSpec spec;
  spec.model = pool(after);
  spec.before = before;
  spec.precision = "fp32";
  return spec;
}

json train_stage(const Runs& runs, const std::string& name, const config::TrainSpec& spec,
                 const std::string& initial = "") {
  std::map<std::string, std::string> inputs = {{"corpus", "corpus"}};
  if (!initial.empty()) inputs["initial"] = initial;
  return do_here(runs, "train", name, config::to_json(spec), inputs);
}

json grow_here(const Runs& runs, const std::string& name, const config::GrowSpec& spec,
               const std::string& weights) {
  return do_here(runs, "grow", name, config::to_json(spec), {{"weights", weights}});
}

std::string weights_of(const Runs& runs, const std::string& name) {
  return read_file(runs.path() / name / "model.safetensors");
}

}  // namespace

TEST_CASE("a run cut in two, nothing grown and the optimizer kept, is the whole run bit for bit",
          "[worker]") {
  const Runs runs;
  const json whole = train_stage(runs, "whole", stage(4, 0, 14));
  CHECK(whole.at("parameters") == measure::count_parameters(pool(4)).full());
  train_stage(runs, "first", stage(4, 0, 6));
  config::GrowSpec same = growth(4, 4);
  same.optimizer = same.bias = "keep";
  grow_here(runs, "between", same, "first");
  config::TrainSpec rest = stage(4, 6, 8);
  rest.keep_optimizer = true;
  const json second = train_stage(runs, "second", rest, "between");
  CHECK(weights_of(runs, "second") == weights_of(runs, "whole"));
  CHECK(second.at("loss_last") == whole.at("loss_last"));
  rest.keep_optimizer = false;
  train_stage(runs, "fresh", rest, "between");
  CHECK(weights_of(runs, "fresh") != weights_of(runs, "whole"));
}

TEST_CASE("a later stage goes on with the data where the one before it ended", "[worker]") {
  const Runs runs;
  train_stage(runs, "whole", stage(4, 0, 14));
  const auto all = run::read_records(runs.path() / "whole/records.jsonl").steps;
  train_stage(runs, "small", stage(2, 0, 6));
  grow_here(runs, "grown", growth(2, 4), "small");
  train_stage(runs, "large", stage(4, 6, 8), "grown");
  const auto last = run::read_records(runs.path() / "large/records.jsonl").steps;
  // Hashes begin anew with a run, so what they hash is compared from a run of the same first step.
  train_stage(runs, "again", stage(4, 6, 8));
  const auto again = run::read_records(runs.path() / "again/records.jsonl").steps;
  CHECK(last.back().data_hash == again.back().data_hash);
  CHECK(last.front().data_hash != all.front().data_hash);
}

TEST_CASE("a stage says how high the loss rose after its growth and when it was back", "[worker]") {
  const Runs runs;
  const json first = train_stage(runs, "small", stage(2, 0, 40));
  CHECK_FALSE(first.contains("spike"));
  const json grown = grow_here(runs, "grown", growth(2, 8), "small");
  double before = 0;
  const auto steps = run::read_records(runs.path() / "small/records.jsonl").steps;
  for (size_t i = 20; i < 40; ++i) before += steps[i].lm_loss / 20;
  CHECK(grown.at("loss_before").get<double>() == Approx(before).epsilon(1e-12));
  CHECK(grown.at("experts") == json::array({2, 8}));
  const json second = train_stage(runs, "large", stage(8, 40, 60), "grown");
  std::vector<double> losses;
  for (const auto& step : run::read_records(runs.path() / "large/records.jsonl").steps)
    losses.push_back(step.lm_loss);
  const measure::Spike expected = measure::spike_after(losses, before, 20);
  CHECK(second.at("spike").at("height").get<double>() == Approx(expected.height));
  REQUIRE(expected.recovery);
  CHECK(second.at("spike").at("recovery") == *expected.recovery);
}

TEST_CASE("a stage that is killed and continued ends with the same bits", "[worker]") {
  const Runs runs;
  train_stage(runs, "small", stage(2, 0, 6));
  config::GrowSpec spec = growth(2, 4);
  spec.optimizer = "keep";
  grow_here(runs, "grown", spec, "small");
  config::TrainSpec later = stage(4, 6, 10);
  later.keep_optimizer = true;
  train_stage(runs, "straight", later, "grown");
  const run::RunDirectory cut = runs.make_training("cut", later, 3, {{"initial", "grown"}});
  const std::atomic<bool> at_once = true;
  for (int tries = 0; tries < 20; ++tries) {
    try {
      train::Runs::finish(cut, run_job(run::open_job(cut), cut, at_once));
      break;
    } catch (const Error& error) {
      REQUIRE(error.exit() == Exit::interrupted);
    }
  }
  CHECK(weights_of(runs, "cut") == weights_of(runs, "straight"));
}

TEST_CASE("a pool does not shrink, and an optimizer that is not there cannot be kept", "[worker]") {
  const Runs runs;
  train_stage(runs, "small", stage(4, 0, 3));
  CHECK_THROWS_WITH(grow_here(runs, "shrunk", growth(4, 2), "small"),
                    Catch::Contains("4 experts cannot grow to 2"));
  fs::remove_all(runs.path() / "small/checkpoints");
  config::GrowSpec spec = growth(4, 8);
  grow_here(runs, "reset", spec, "small");
  spec.optimizer = "keep";
  CHECK_THROWS_WITH(grow_here(runs, "kept", spec, "small"),
                    Catch::Contains("no optimizer to keep"));
}

TEST_CASE("an evaluation says how unequal the experts' loads are, layer by layer", "[worker]") {
  const Runs runs;
  train_stage(runs, "small", stage(8, 0, 3));
  config::EvalSpec eval;
  eval.model = pool(8);
  eval.sequence = 16;
  eval.precision = "fp32";
  eval.measures = {{.name = "unseen", .windows = 8}};
  const json found = do_here(runs, "eval", "measured", config::to_json(eval),
                             {{"weights", "small"}, {"corpus", "corpus"}});
  REQUIRE(found.at("gini").size() == 2);
  for (size_t layer = 0; layer < 2; ++layer)
    CHECK(found.at("gini")[layer].get<double>() ==
          Approx(measure::gini(found.at("expert_load")[layer].get<std::vector<double>>())));
  eval.model = config::one_expert(pool(8));
  config::TrainSpec dense = stage(8, 0, 1);
  dense.model = eval.model;
  train_stage(runs, "dense", dense);
  const json without = do_here(runs, "eval", "of-dense", config::to_json(eval),
                               {{"weights", "dense"}, {"corpus", "corpus"}});
  CHECK(without.at("gini").empty());
  CHECK(without.at("expert_load").empty());
}
