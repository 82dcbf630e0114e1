#include "plan/plan.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <set>

namespace repro::plan {
namespace {

using run::Job;

Plan plan_of(std::vector<std::string> settings, const std::string& name = "table3") {
  ExperimentOptions options;
  // A scale for which the manifests wish nothing of their own.
  options.scale = "small";
  settings.insert(settings.begin(), "steps=800");
  options.settings = std::move(settings);
  return make_plan(load_experiment(REPRO_SOURCE_ROOT, name, options));
}

// "" = of every kind.
std::set<std::string> keys(const Plan& plan, const std::string& kind = "") {
  std::set<std::string> all;
  for (const Job& job : plan.graph.jobs())
    if (kind.empty() || job.kind == kind) all.insert(job.key);
  return all;
}

size_t count_of_kind(const Plan& plan, const std::string& kind) { return keys(plan, kind).size(); }

size_t changed(const Plan& before, const Plan& after, const std::string& kind = "") {
  const std::set<std::string> known = keys(before, kind);
  size_t count = 0;
  for (const std::string& key : keys(after, kind)) count += !known.contains(key);
  return count;
}

const ArmPlan& arm(const Cell& cell, const std::string& name) {
  for (const ArmPlan& one : cell.arms)
    if (one.name == name) return one;
  FAIL("no arm " << name);
  return cell.arms.front();
}

// As its worker reads it.
config::TrainSpec training(const Plan& plan, size_t job) {
  return config::from_json<config::TrainSpec>(plan.graph[job].spec, "spec");
}

}  // namespace

TEST_CASE("table 3 is six cells of one full run, four submodels, a merge and the ladder",
          "[plan]") {
  const Plan plan = plan_of({});
  CHECK(plan.cells.size() == 6);
  CHECK(count_of_kind(plan, "train") == 6 * (1 + 4 + 4));
  CHECK(count_of_kind(plan, "merge") == 6);
  // What a full run leaves, what the merge leaves, what each fine-tune leaves.
  CHECK(count_of_kind(plan, "eval") == 6 * (1 + 1 + 4));
  // Both models share the prepared corpora and the clusters.
  CHECK(count_of_kind(plan, "prepare") == 3);
  CHECK(count_of_kind(plan, "cluster") == 3);
}

TEST_CASE("tables 1 and 6 plan exactly the jobs of table 3", "[plan]") {
  const Plan table3 = plan_of({});
  CHECK(keys(plan_of({}, "table1")) == keys(table3));
  CHECK(keys(plan_of({}, "table6")) == keys(table3));
}

TEST_CASE("inputs stand before the jobs that read them", "[plan]") {
  const Plan plan = plan_of({});
  for (size_t i = 0; i < plan.graph.jobs().size(); ++i)
    for (const auto& [role, input] : plan.graph[i].inputs) CHECK(input < i);
}

TEST_CASE("a changed field changes the keys of its job and of those that read it, only", "[plan]") {
  const Plan base = plan_of({});
  // Per cell: merged model and its four fine-tunes, and what is measured of the five.
  CHECK(changed(base, plan_of({"arm.disco.merge.gamma=uniform"})) == 6 * (1 + 4 + 5));
  // Per cell: the four submodels too.
  CHECK(changed(base, plan_of({"arm.disco.submodel.train.lr=2e-4"})) == 6 * (4 + 1 + 4 + 5));
  CHECK(changed(base, plan_of({"arm.disco.finetune.train.lr=2e-4"})) == 6 * (4 + 4));
  // What cannot change a result changes no key.
  CHECK(changed(base, plan_of({"checkpoint_every=7"})) == 0);
  CHECK(changed(base, plan_of({"target.tolerance=0.1"})) == 0);
  CHECK(changed(base, plan_of({"arm.full.title=another"})) == 0);
}

TEST_CASE("how a result is read changes no training", "[plan]") {
  const Plan base = plan_of({});
  CHECK(changed(base, plan_of({"target.window=25"})) == 0);
  const Plan shorter = plan_of({"evaluate.ppl_window=64"});
  CHECK(changed(base, shorter, "train") == 0);
  CHECK(changed(base, shorter, "merge") == 0);
  // Perplexity is not asked of a merged model before its fine-tuning.
  CHECK(changed(base, shorter, "eval") == 6 * (1 + 4));
  CHECK(changed(base, plan_of({"evaluate.ppl_window=256"})) == 0);  // the sequence, said otherwise
}

TEST_CASE("a field that is added to a spec changes no key of a run that does not set it",
          "[plan]") {
  config::TrainSpec spec;
  spec.steps = 800;
  spec.optimizer.lr = 1e-3;
  spec.model.losses = {{config::LossKind::switch_balance, 0.01}};
  const nlohmann::json written = config::to_json(spec);
  CHECK(written.dump() ==
        R"({"model":{"losses":[{"weight":0.01}]},"optimizer":{"lr":0.001},"steps":800})");
  CHECK(run::job_key("train", written, {{"corpus", "00"}}) ==
        "9164474d019977c791b185a79cc9461437375c6e29e0a0f8db55b872a1e4e304");
}

TEST_CASE("ranks of a phase are in its trainings' specs and resources, and in no other's",
          "[plan]") {
  const Plan alone = plan_of({});
  const Plan plan = plan_of({"arm.disco.submodel.ranks=2",
                             "arm.disco.submodel.shard_optimizer=true", "rank_timeout_seconds=30"});
  const Cell& cell = plan.cells[0];
  const run::Job& full = plan.graph[cell.arms[0].endings[0].job];
  CHECK(full.key == alone.graph[alone.cells[0].arms[0].endings[0].job].key);
  CHECK(full.resources.ranks == 1);
  CHECK_FALSE(full.execution.contains("rank_timeout_seconds"));
  for (const size_t job : cell.arms[1].phases[1].jobs) {
    const run::Job& submodel = plan.graph[job];
    CHECK(submodel.spec.at("ranks") == 2);
    CHECK(submodel.resources.ranks == 2);
    CHECK(submodel.execution.at("shard_optimizer") == true);
    CHECK(submodel.execution.at("rank_timeout_seconds") == 30);
  }
}

TEST_CASE("every arm of a cell reads the same prepared corpus", "[plan]") {
  for (const char* name : {"table3", "figure7", "dense_flops"}) {
    const Plan plan = plan_of({}, name);
    for (const Cell& cell : plan.cells)
      for (const CellJob& entry : jobs_of(cell)) {
        const auto& inputs = plan.graph[entry.job].inputs;
        INFO(name << ": " << plan.graph[entry.job].name);
        if (inputs.contains("corpus")) CHECK(inputs.at("corpus") == cell.prepare);
      }
  }
}

TEST_CASE("both arms see the same data order, batch and precision", "[plan]") {
  const Plan plan = plan_of({"match.order_seed=5"});
  for (const Cell& cell : plan.cells) {
    const config::TrainSpec full = training(plan, arm(cell, "full").endings[0].job);
    CHECK(full.order_seed == 5);
    for (const Ending& ending : arm(cell, "disco").endings) {
      const config::TrainSpec tune = training(plan, ending.job);
      CHECK(tune.order_seed == full.order_seed);
      CHECK(tune.batch == full.batch);
      CHECK(tune.sequence == full.sequence);
      CHECK(tune.precision == full.precision);
      CHECK(tune.seed == full.seed);
      CHECK(tune.model == full.model);
    }
  }
}

TEST_CASE("the width rule keeps the paper's ratio of the submodel rate to the full rate",
          "[plan]") {
  const Plan plan = plan_of({});
  for (const Cell& cell : plan.cells) {
    const double full = training(plan, arm(cell, "full").endings[0].job).optimizer.lr;
    const double submodel =
        training(plan, arm(cell, "disco").phase("submodels")->jobs[0]).optimizer.lr;
    CHECK(full / submodel == Approx(3.0));
    CHECK(full > 3e-4);
  }
  const Plan literal =
      plan_of({"scale.lr_width_exponents.qwen_moe=1", "scale.lr_width_exponent=0"});
  CHECK(training(literal, arm(literal.cells[0], "full").endings[0].job).optimizer.lr == 3e-4);
}

TEST_CASE("a scale's warm-up holds for every phase that warms up, and only for those", "[plan]") {
  const auto warmups = [](std::vector<std::string> settings) {
    const Plan plan = plan_of(std::move(settings));
    const Cell& cell = plan.cells[0];
    return std::array{
        training(plan, arm(cell, "full").endings[0].job).optimizer.warmup,
        training(plan, arm(cell, "disco").endings[0].job).optimizer.warmup,
        training(plan, arm(cell, "disco").phase("submodels")->jobs[0]).optimizer.warmup};
  };
  CHECK(warmups({"scale.warmup=0.25"}) == std::array{0.25, 0.25, 0.0});
  // What is said of one arm wins, wherever on the line it stands.
  CHECK(warmups({"arm.full.train.warmup=0.1", "scale.warmup=0.25"}) == std::array{0.1, 0.25, 0.0});
  const auto paper = make_plan(load_experiment(REPRO_SOURCE_ROOT, "table3", {"paper", {}, {}}));
  CHECK(training(paper, arm(paper.cells[0], "full").endings[0].job).optimizer.warmup == 0.03);
}

TEST_CASE(
    "the fine-tune's horizons are fractions of the baseline's steps, which it runs itself "
    "where it says so",
    "[plan]") {
  const Plan plan = plan_of({"steps=800", "arm.full.horizons=[0.25, 1.0]"});
  std::vector<int64_t> steps;
  for (const Ending& ending : arm(plan.cells[0], "disco").endings) steps.push_back(ending.steps);
  CHECK(steps == std::vector<int64_t>{100, 200, 400, 600});
  const ArmPlan& full = arm(plan.cells[0], "full");
  REQUIRE(full.endings.size() == 2);
  CHECK(training(plan, full.endings[0].job).steps == 200);
  CHECK(plan.cells[0].reference == 1);  // the whole one gives the target
}

TEST_CASE("submodels make the paper's steps with the paper's baseline, else a fraction", "[plan]") {
  const auto submodel_steps = [](const std::string& scale, std::vector<std::string> settings) {
    ExperimentOptions options{scale, std::move(settings), {}};
    const Plan plan = make_plan(load_experiment(REPRO_SOURCE_ROOT, "table3", options));
    return training(plan, arm(plan.cells[0], "disco").phase("submodels")->jobs[0]).steps;
  };
  CHECK(submodel_steps("paper", {}) == 4200);
  CHECK(submodel_steps("paper", {"steps=1000"}) == 250);
  CHECK(submodel_steps("mini", {}) == 200);
  CHECK(submodel_steps("mini", {"arm.disco.submodel.steps=0.5"}) == 400);
}

TEST_CASE("figure 7 reads the runs of table 3 but for its arm of two experts", "[plan]") {
  std::set<std::string> table3;
  const Plan whole = plan_of({});
  for (const Job& job : whole.graph.jobs()) table3.insert(job.directory);
  const Plan plan = plan_of({}, "figure7");
  REQUIRE(plan.cells.size() == 1);
  const Cell& cell = plan.cells[0];
  for (const CellJob& entry : jobs_of(cell)) {
    INFO(plan.graph[entry.job].name);
    CHECK(table3.contains(plan.graph[entry.job].directory) == (entry.arm != "e2"));
  }
  CHECK(arm(cell, "e2").phase("submodels")->jobs.size() == 2);
  CHECK(arm(cell, "e2").model.experts == 2);
  CHECK(arm(cell, "disco").model.experts == 4);
}

TEST_CASE("under a budget of FLOPs an arm of a cheaper model makes more steps", "[plan]") {
  const Plan plan = plan_of({}, "dense_flops");
  for (const Cell& cell : plan.cells) {
    const int64_t baseline = arm(cell, "full").endings.back().steps;
    CHECK(arm(cell, "dense").endings.back().steps > baseline);
  }
  const Plan tokens = plan_of({"budget.equal=tokens"}, "dense_flops");
  for (const Cell& cell : tokens.cells)
    CHECK(arm(cell, "dense").endings.back().steps == arm(cell, "full").endings.back().steps);
}

TEST_CASE("a job knows where each value of its manifest came from", "[plan]") {
  const Plan plan = plan_of({"match.batch=8"});
  const nlohmann::json& origins = *plan.graph[arm(plan.cells[0], "full").endings[0].job].origins;
  CHECK(origins["match.batch"] == "--set");
  CHECK(origins["match.sequence"].get<std::string>().starts_with("experiments/scales/small.toml:"));
  CHECK(origins["arm.full.train.lr"].get<std::string>().starts_with("experiments/moe_disco/"));
}

TEST_CASE("each seed is a run of its own: weights, noise, data order, clusters and merges",
          "[plan]") {
  ExperimentOptions options{
      .scale = "small", .settings = {"steps=800", "match.order_seed=5"}, .seeds = 2};
  const Plan plan = make_plan(load_experiment(REPRO_SOURCE_ROOT, "table3", options));
  REQUIRE(plan.cells.size() == 12);
  const Cell &first = plan.cells[0], &second = plan.cells[1];
  CHECK(first.name() == second.name());
  // The prepared corpus has no seed, all else is twice there.
  CHECK(first.prepare == second.prepare);
  std::set<size_t> shared;
  for (const CellJob& one : jobs_of(first))
    for (const CellJob& other : jobs_of(second))
      if (one.job == other.job) shared.insert(one.job);
  CHECK(shared == std::set<size_t>{first.prepare});
  for (const Cell* cell : {&first, &second}) {
    const ArmPlan& disco = arm(*cell, "disco");
    std::vector<size_t> trainings = disco.phase("submodels")->jobs;
    for (const ArmPlan& one : cell->arms)
      for (const Ending& ending : one.endings) trainings.push_back(ending.job);
    CHECK(trainings.size() == 4 + 1 + 4);
    for (const size_t job : trainings) {
      CHECK(training(plan, job).seed == cell->seed);
      CHECK(training(plan, job).order_seed == 5 + cell->seed);
    }
    CHECK(plan.graph[disco.phase("merge")->jobs[0]].spec.value("seed", 0) == cell->seed);
    CHECK(plan.graph[disco.phase("cluster")->jobs[0]].spec.value("seed", 0) == cell->seed);
    CHECK(plan.graph[disco.phase("merge")->evals[0]].spec.value("order_seed", 0) == cell->seed);
  }
}

TEST_CASE("a fraction of the steps is rounded, and never none", "[plan]") {
  const auto tuned = [](const std::string& settings) {
    const Plan plan = plan_of({settings, "arm.disco.finetune.horizons=[0.001, 0.25, 0.5]"});
    std::vector<int64_t> steps;
    for (const Ending& ending : arm(plan.cells[0], "disco").endings)
      steps.push_back(training(plan, ending.job).steps);
    return steps;
  };
  CHECK(tuned("steps=103") == std::vector<int64_t>{1, 26, 52});
  CHECK(tuned("steps=101") == std::vector<int64_t>{1, 25, 51});
}

TEST_CASE("submodel k starts as expert k and reads the documents of part k", "[plan]") {
  const Plan plan = plan_of({});
  const ArmPlan& disco = arm(plan.cells[0], "disco");
  for (int64_t k = 0; k < 4; ++k) {
    const size_t job = disco.phase("submodels")->jobs[static_cast<size_t>(k)];
    CHECK(training(plan, job).slice == k);
    CHECK(training(plan, job).part == k);
    CHECK(training(plan, job).model.experts == 1);
    CHECK(plan.graph[job].inputs.at("assignment") == disco.phase("cluster")->jobs[0]);
    const auto& merged = plan.graph[disco.phase("merge")->jobs[0]].inputs;
    CHECK(merged.at("part" + std::to_string(k)) == job);
  }
  for (const Ending& ending : disco.endings)
    CHECK(plan.graph[ending.job].inputs.at("initial") == disco.phase("merge")->jobs[0]);
}

TEST_CASE("a rate of a tuned arm multiplies its own, in jobs beside those of its own rate",
          "[plan]") {
  const Plan plan = plan_of({"check.rates=[0.5, 2]", "check.corpora=[\"c4\"]"});
  for (const Cell& cell : plan.cells) {
    const ArmPlan& full = arm(cell, "full");
    CHECK(full.rates.size() == (cell.corpus == "c4" ? 2 : 0));
    const double own = training(plan, full.endings[0].job).optimizer.lr;
    for (const RateLadder& ladder : full.rates) {
      CHECK(training(plan, ladder.endings[0].job).optimizer.lr == Approx(ladder.rate * own));
      CHECK(full.phase("train")->tuned.size() == 2);
      CHECK(&full.endings_at(ladder.rate) == &ladder.endings);
    }
    CHECK(full.phase("train")->jobs.size() == 1);
    CHECK(&full.endings_at(1) == &full.endings);
  }
}

TEST_CASE("perplexity is measured over whole windows unless a stride says otherwise", "[plan]") {
  const auto measure = [](std::vector<std::string> settings) {
    const Plan plan = plan_of(std::move(settings));
    const size_t job = arm(plan.cells[0], "full").endings[0].evals[0];
    const auto spec = config::from_json<config::EvalSpec>(plan.graph[job].spec, "spec");
    REQUIRE(spec.measures.size() == 2);
    CHECK(spec.measures[0].name == "unseen");
    CHECK(spec.measures[0].split == "valid");
    return std::pair(spec, spec.measures[1]);
  };
  const auto [spec, plain] = measure({"match.sequence=256"});
  CHECK(plain.name == "ppl");
  CHECK(plain.split == "test");
  CHECK(plain.window == 0);
  CHECK(plain.stride == 0);
  CHECK(measure({"match.sequence=256", "evaluate.ppl_stride=256"}).second.stride == 0);
  CHECK(measure({"match.sequence=256", "evaluate.ppl_stride=64"}).second.stride == 64);
  const auto narrow =
      measure({"match.sequence=256", "evaluate.ppl_window=64", "evaluate.ppl_stride=64"}).second;
  CHECK(narrow.window == 64);
  CHECK(narrow.stride == 0);
  CHECK(measure({"match.batch=8", "match.accumulate=2"}).first.batch == 4);
}

TEST_CASE("trainings are watched only where the manifest asks for it", "[plan]") {
  const auto watch = [](const std::string& setting) {
    const Plan plan = plan_of({setting, "evaluate.watch_windows=7"});
    return training(plan, arm(plan.cells[0], "full").endings[0].job).watch;
  };
  CHECK(watch("evaluate.every=0").every == 0);
  CHECK(watch("evaluate.every=0").windows == config::WatchSpec().windows);
  CHECK(watch("evaluate.every=5").every == 5);
  CHECK(watch("evaluate.every=5").windows == 7);
}

TEST_CASE("an ending rests on what it reads in each phase, and on itself", "[plan]") {
  const Plan plan = plan_of({});
  const ArmPlan& disco = arm(plan.cells[0], "disco");
  const auto of = [&](const Ending& ending, const char* phase) {
    return ending.rests_on.at(static_cast<size_t>(disco.phase(phase) - disco.phases.data()));
  };
  for (const Ending& ending : disco.endings) {
    CHECK(of(ending, "finetune") == std::vector<size_t>{ending.job});
    CHECK(of(ending, "submodels").size() == 4);
    CHECK(of(ending, "cluster").size() == 1);
  }
  const Ending& full = arm(plan.cells[0], "full").endings[0];
  CHECK(full.rests_on == std::vector<std::vector<size_t>>{{full.job}});
}

}  // namespace repro::plan
