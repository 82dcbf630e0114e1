#include "plan/task_jobs.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "plan/plan.hpp"

namespace repro::plan {
namespace {

Plan asked_plan(const std::string& name, std::vector<std::string> settings = {},
                const std::string& scale = "mini") {
  return make_plan(load_experiment(REPRO_SOURCE_ROOT, name, {scale, std::move(settings), {}}));
}

config::EvalSpec answering_job(const Plan& plan, size_t job) {
  return config::from_json<config::EvalSpec>(plan.graph[job].spec, "spec");
}

std::set<std::string> keys_of_kind(const Plan& plan, const std::string& kind) {
  std::set<std::string> all;
  for (const run::Job& job : plan.graph.jobs())
    if (job.kind == kind) all.insert(job.key);
  return all;
}

}  // namespace

TEST_CASE("table 2 trains nothing that table 3 does not", "[plan]") {
  // Of its three seeds table 3 has the first.
  const Plan whole = asked_plan("table3"), asked = asked_plan("table2", {"seeds=[0]"});
  const std::set<std::string> trainings = keys_of_kind(whole, "train");
  for (const std::string& key : keys_of_kind(asked, "train")) CHECK(trainings.contains(key));
  const std::set<std::string> measured = keys_of_kind(whole, "eval");
  size_t answers = 0;
  for (const run::Job& job : asked.graph.jobs())
    if (job.kind == "eval" && !job.spec.contains("tasks"))
      CHECK(measured.contains(job.key));
    else if (job.kind == "eval")
      ++answers;
  // One ending of the baseline, seven of the other arm, six tasks.
  CHECK(answers == 6 * (1 + 7));
}

TEST_CASE("each ending answers each task, by its own weights and the corpus' tokenizer", "[plan]") {
  const Plan plan = asked_plan("table2");
  CHECK(plan.cells.size() == 3);  // seeds
  for (const Cell& cell : plan.cells) {
    REQUIRE(cell.tasks.size() == 6);
    for (const ArmPlan& arm : cell.arms)
      for (const Ending& ending : arm.endings) {
        REQUIRE(ending.answers.size() == 6);
        for (size_t i = 0; i < 6; ++i) {
          const TaskEval& answer = ending.answers[i];
          const run::Job& job = plan.graph[answer.job];
          CHECK(job.inputs.at("weights") == ending.job);
          CHECK(job.inputs.at("corpus") == cell.prepare);
          CHECK(job.inputs.at("task-" + answer.task) == cell.tasks[i]);
          CHECK(answering_job(plan, answer.job).tasks == std::vector<std::string>{answer.task});
        }
      }
  }
}

TEST_CASE("a task made of a corpus is one of each corpus, another is one of all", "[plan]") {
  const Plan plan = asked_plan("table2", {"corpora=[\"c4\", \"openwebtext\"]", "seeds=[0]",
                                          "models=[\"qwen_moe\", \"llama_moe\"]"});
  std::map<std::string, size_t> jobs;
  for (const run::Job& job : plan.graph.jobs())
    if (job.kind == "task") ++jobs[job.spec.at("name").get<std::string>()];
  CHECK(jobs.at("piqa") == 1);
  CHECK(jobs.at("next_passage") == 2);  // both models read the same prepared corpora
  for (const Cell& cell : plan.cells)
    for (const size_t task : cell.tasks)
      if (plan.graph[task].inputs.contains("corpus"))
        CHECK(plan.graph[task].inputs.at("corpus") == cell.prepare);
}

TEST_CASE("a limit is of a whole task, and an item is read as far as the manifest says", "[plan]") {
  const auto spec_of = [](const std::string& task, std::vector<std::string> settings) {
    const Plan plan = asked_plan("table2", std::move(settings));
    for (const TaskEval& answer : plan.cells[0].arms[0].endings[0].answers)
      if (answer.task == task) return answering_job(plan, answer.job);
    FAIL("no task " << task);
    return config::EvalSpec{};
  };
  CHECK(spec_of("mmlu", {}).limit == 0);
  CHECK(spec_of("mmlu", {"evaluate.limit=114"}).limit == 2);
  CHECK(spec_of("piqa", {"evaluate.limit=114"}).limit == 114);
  CHECK(spec_of("piqa", {}).window == 128);  // a training's sequence
  CHECK(spec_of("piqa", {"evaluate.item_tokens=512"}).window == 512);
}

TEST_CASE("without tasks a plan has no job more than before", "[plan]") {
  const Plan plan = asked_plan("table3");
  CHECK(keys_of_kind(plan, "task").empty());
  for (const ArmPlan& arm : plan.cells[0].arms)
    for (const Ending& ending : arm.endings) CHECK(ending.answers.empty());
}

TEST_CASE("every reading of a model answers, other learning rates do not", "[plan]") {
  const Plan plan = asked_plan(
      "ds_moe", {"evaluate.tasks=[\"piqa\"]", "evaluate.cuts=[\"steps\"]", "check.rates=[0.5]"});
  for (const ArmPlan& arm : plan.cells[0].arms) {
    for (const Ending& ending : arm.endings) {
      REQUIRE(ending.answers.size() == arm.readings.size());
      for (size_t reading = 0; reading < arm.readings.size(); ++reading) {
        CHECK(ending.answers[reading].reading == reading);
        CHECK(answering_job(plan, ending.answers[reading].job).model ==
              answering_job(plan, ending.evals[reading]).model);
      }
    }
    REQUIRE(arm.rates.size() == 1);
    for (const Ending& ending : arm.rates[0].endings) CHECK(ending.answers.empty());
  }
}

}  // namespace repro::plan
