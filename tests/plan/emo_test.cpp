#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "config/assembly_spec.hpp"
#include "plan/planned.hpp"

namespace repro::plan {
namespace {

Plan emo(std::vector<std::string> settings = {}, const std::string& scale = "mini") {
  return plan_at(scale, "emo", std::move(settings));
}

// The trainings of an arm's ending, stage by stage.
std::vector<config::TrainSpec> stages_of(const Plan& plan, const Ending& ending) {
  std::vector<config::TrainSpec> all;
  for (const std::vector<size_t>& jobs : ending.rests_on)
    for (const size_t job : jobs)
      if (plan.graph[job].kind == "train") all.push_back(spec_of(plan, job));
  return all;
}

std::string refusal_of_emo(std::vector<std::string> settings) {
  try {
    emo(std::move(settings));
  } catch (const Error& error) {
    return error.what();
  }
  return "planned";
}

}  // namespace

TEST_CASE("the stages spend the baseline's tokens, one after the other, on data that go on",
          "[plan]") {
  for (const char* scale : {"smoke", "mini", "small", "paper"})
    for (const char* split : {"quoted5", "power", "joint-law"}) {
      const Plan plan = emo({std::string("arm.emo.split=") + split}, scale);
      INFO(scale << ", " << split);
      const ArmPlan& grown = arm_of(plan, "emo");
      const auto specs = stages_of(plan, grown.endings.at(0));
      REQUIRE(specs.size() == 5);
      int64_t first = 0;
      for (const config::TrainSpec& spec : specs) {
        CHECK(spec.first_step == first);
        CHECK(spec.steps > 0);
        CHECK(spec.order_seed == specs[0].order_seed);
        CHECK(spec.model.top_k == specs[0].model.top_k);
        first += spec.steps;
      }
      CHECK(first == arm_of(plan, "fixed").endings.at(0).steps);
      CHECK(specs.back().model == arm_of(plan, "fixed").model);
      for (size_t s = 1; s < specs.size(); ++s)
        CHECK(specs[s].model.experts == 2 * specs[s - 1].model.experts);
    }
}

TEST_CASE("an EMO of one stage is plain training: the same job, so the same bits", "[plan]") {
  const Plan plan = emo({"arm.emo.stages=[32]", "arm.emo.split=power"});
  CHECK(arm_of(plan, "emo").endings.at(0).job == arm_of(plan, "fixed").endings.at(0).job);
  CHECK(arm_of(plan, "emo").phases.size() == 1);
}

TEST_CASE("one schedule runs over all stages: a plateau, warm-ups, and a decay at the end",
          "[plan]") {
  const Plan plan = emo({"steps=1000", "scale.warmup=0.05", "arm.emo.rewarm_steps=3"});
  const ArmPlan& grown = arm_of(plan, "emo");
  const auto specs = stages_of(plan, grown.endings.at(0));
  const config::OptimizerSpec whole =
      spec_of(plan, arm_of(plan, "fixed").endings.at(0).job).optimizer;
  for (size_t s = 0; s < 5; ++s) {
    const config::OptimizerSpec& own = specs[s].optimizer;
    CHECK(own.lr == whole.lr);
    CHECK(own.beta2 == whole.beta2);
    CHECK(own.schedule == (s == 4 ? "wsd" : "constant"));
    const auto steps = static_cast<double>(specs[s].steps);
    // 0.05 of all 1,000 in the first stage; later at most three, and at most 2 % of the stage.
    CHECK(own.warmup * steps ==
          Approx(s == 0 ? 50 : std::min(3.0, std::floor(0.02 * steps))).margin(1e-9));
  }
  CHECK(specs[4].optimizer.decay * static_cast<double>(specs[4].steps) == Approx(100));
}

TEST_CASE("a warm-up longer than the first stage is over with it", "[plan]") {
  const Plan plan = emo({"steps=1000", "scale.warmup=0.9"});
  const ArmPlan& grown = arm_of(plan, "emo");
  CHECK(stages_of(plan, grown.endings.at(0))[0].optimizer.warmup == 1);
}

TEST_CASE("each growth reads the stage before it and starts the next", "[plan]") {
  const Plan plan = emo();
  const ArmPlan& grown = arm_of(plan, "emo");
  REQUIRE(grown.phases.size() == 9);
  for (size_t s = 1; s < 5; ++s) {
    const size_t before = grown.phase("stage" + std::to_string(s))->jobs.at(0);
    const size_t growing = grown.phase("grow" + std::to_string(s + 1))->jobs.at(0);
    const size_t after = grown.phase("stage" + std::to_string(s + 1))->jobs.at(0);
    CHECK(plan.graph[growing].inputs.at("weights") == before);
    CHECK(plan.graph[after].inputs.at("initial") == growing);
    const auto spec = spec_of<config::GrowSpec>(plan, growing);
    CHECK(spec.before == spec_of(plan, before).model.experts);
    CHECK(spec.model == spec_of(plan, after).model);
    CHECK(grown.phase("grow" + std::to_string(s + 1))->overhead);
    CHECK_FALSE(spec_of(plan, after).keep_optimizer);
  }
}

TEST_CASE("every option of a growth reaches its job; what none of them reads changes no key",
          "[plan]") {
  const auto growth_of = [](std::vector<std::string> settings) {
    const Plan plan = emo(std::move(settings));
    return spec_of<config::GrowSpec>(plan, arm_of(plan, "emo").phase("grow2")->jobs.at(0));
  };
  const config::GrowSpec plain = growth_of({});
  CHECK(plain.experts == "gaussian");
  CHECK(plain.router == "gaussian");
  CHECK(plain.bias == "reset");
  CHECK(plain.optimizer == "reset");
  CHECK(growth_of({"arm.emo.grow.experts=copy-noise", "arm.emo.grow.noise=0.5"}).noise == 0.5);
  CHECK(growth_of({"arm.emo.grow.experts=drop-upcycle", "arm.emo.grow.drop=0.25"}).drop == 0.25);
  CHECK(growth_of({"arm.emo.grow.bias=keep"}).bias == "keep");
  CHECK(config::to_json(growth_of({"arm.emo.grow.noise=0.5", "arm.emo.grow.drop=0.1"})) ==
        config::to_json(plain));
  const Plan kept = emo({"arm.emo.grow.optimizer=keep"});
  CHECK(spec_of(kept, arm_of(kept, "emo").endings.at(0).job).keep_optimizer);
  CHECK_FALSE(spec_of(kept, arm_of(kept, "emo").phase("stage1")->jobs.at(0)).keep_optimizer);
}

TEST_CASE("top-k may grow with the pool instead", "[plan]") {
  const Plan plan = emo({"arm.emo.grow_k=true", "model.emo.top_k=8"});
  const ArmPlan& grown = arm_of(plan, "emo");
  std::vector<int64_t> top_k;
  for (const config::TrainSpec& spec : stages_of(plan, grown.endings.at(0)))
    top_k.push_back(spec.model.top_k);
  CHECK(top_k == std::vector<int64_t>{1, 1, 2, 4, 8});
}

TEST_CASE("each horizon and each rate of EMO is a chain of its own through all stages", "[plan]") {
  const Plan plan = emo({"arm.emo.horizons=[0.5, 1.0]", "check.rates=[0.5]", "check.corpora=[]"});
  const ArmPlan& grown = arm_of(plan, "emo");
  REQUIRE(grown.endings.size() == 2);
  REQUIRE(grown.rates.size() == 1);
  CHECK(grown.phase("stage1")->jobs.size() == 2);
  CHECK(grown.phase("stage1")->tuned.size() == 2);
  const auto sum = [&](const Ending& ending) {
    int64_t steps = 0;
    for (const config::TrainSpec& spec : stages_of(plan, ending)) steps += spec.steps;
    return steps;
  };
  CHECK(sum(grown.endings[0]) == 400);
  CHECK(sum(grown.endings[1]) == 800);
  for (const config::TrainSpec& spec : stages_of(plan, grown.rates[0].endings[1]))
    CHECK(spec.optimizer.lr == Approx(0.5 * stages_of(plan, grown.endings[1])[0].optimizer.lr));
}

TEST_CASE("stages that make no growing pool are refused at their line, with the way out",
          "[plan]") {
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[8, 4, 32]"}),
             Catch::Contains("--set: arm 'emo': stages must grow: 4 follows 8"));
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[4, 4, 32]"}), Catch::Contains("4 follows 4"));
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[]"}), Catch::Contains("stages is empty"));
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[1, 32]"}), Catch::Contains("begin with 2 or more"));
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[2, 4, 8, 16, 24]"}),
             Catch::Contains("the last stage has 24 experts, emo has 32"));
  CHECK_THAT(refusal_of_emo({"model.emo.top_k=4"}),
             Catch::Contains("top_k = 4 is more than the 2 experts of the first stage"));
}

TEST_CASE("budgets that do not fit their stages are refused with the way out", "[plan]") {
  CHECK_THAT(refusal_of_emo({"arm.emo.stages=[16, 32]"}), Catch::Contains("is of five stages"));
  CHECK_THAT(refusal_of_emo({"arm.emo.split=custom"}), Catch::Contains("needs shares"));
  CHECK_THAT(refusal_of_emo({"arm.emo.shares=[0.5, 0.5]"}), Catch::Contains("shares belong to"));
  CHECK_THAT(refusal_of_emo({"arm.emo.split=custom", "arm.emo.shares=[0.2, 0.2, 0.2, 0.2, 0.1]"}),
             Catch::Contains("sum to 0.9"));
  CHECK_THAT(refusal_of_emo({"arm.emo.split=custom", "arm.emo.shares=[0.5, 0.5]"}),
             Catch::Contains("2 shares for 5 stages"));
  CHECK_THAT(refusal_of_emo({"arm.emo.train.decay=0.5"}),
             Catch::Contains("the decay takes 400 of 800 steps, the last stage has"));
  CHECK_THAT(refusal_of_emo({"arm.emo.train.schedule=cosine"}), Catch::Contains("set \"wsd\""));
  CHECK_THAT(refusal_of_emo({"target.window=700"}), Catch::Contains("steps of the last stage"));
}

TEST_CASE("twins that would never part are refused", "[plan]") {
  CHECK_THAT(refusal_of_emo({"arm.emo.grow.experts=copy", "arm.emo.grow.router=copy"}),
             Catch::Contains("equal twins never part"));
  // Copies that are exact by their number.
  CHECK_THAT(refusal_of_emo({"arm.emo.grow.experts=copy-noise", "arm.emo.grow.noise=0",
                             "arm.emo.grow.router=copy"}),
             Catch::Contains("equal twins never part"));
  CHECK_THAT(refusal_of_emo({"arm.emo.grow.experts=drop-upcycle", "arm.emo.grow.drop=0",
                             "arm.emo.grow.router=copy"}),
             Catch::Contains("equal twins never part"));
  CHECK(refusal_of_emo({"arm.emo.grow.experts=copy-noise", "arm.emo.grow.router=copy"}) ==
        "planned");
}

}  // namespace repro::plan
