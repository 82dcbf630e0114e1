// Experiments and the claims they are compared with, this project's and those of a paper whose
// files stand elsewhere: each must fit the other before anything is run.
#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "claims/claims.hpp"
#include "config/library.hpp"
#include "plan/plan.hpp"
#include "temporary_directory.hpp"

namespace repro::plan {
namespace {

const fs::path kExample = fs::path(REPRO_SOURCE_ROOT) / "docs/example";

Plan plan_of(const fs::path& root, const std::string& name, const std::string& scale) {
  const ExperimentOptions options{scale, {}, {}};
  return make_plan(load_experiment(root, name, options));
}

std::vector<claims::ArmNames> arm_names(const Plan& plan) {
  std::vector<claims::ArmNames> names;
  for (const ArmPlan& arm : plan.cells.at(0).arms) {
    claims::ArmNames one{arm.name, {}};
    for (const PhasePlan& phase : arm.phases) one.phases.push_back(phase.name);
    for (const Reading& reading : arm.readings) one.phases.push_back(reading.name);
    names.push_back(std::move(one));
  }
  return names;
}

void check_fit(const fs::path& root, const Plan& plan) {
  const claims::Claims claims = claims::find_claims(root, plan.experiment.claims);
  const claims::View* view = claims.view(plan.experiment.view);
  REQUIRE(view != nullptr);
  config::Problems problems;
  for (const claims::Quantity* quantity : claims::quantities_of(claims, *view))
    claims::check_here(*quantity, arm_names(plan), problems);
  CHECK_NOTHROW(problems.throw_if_any());
}

}  // namespace

TEST_CASE("the view of every experiment names arms, phases and readings that it has", "[plan]") {
  for (const std::string& name : config::experiment_names(REPRO_SOURCE_ROOT)) {
    INFO(name);
    check_fit(REPRO_SOURCE_ROOT, plan_of(REPRO_SOURCE_ROOT, name, "smoke"));
  }
}

TEST_CASE("a paper's folder elsewhere is planned with its own models, scales and claims",
          "[plan]") {
  const Plan plan = plan_of(kExample, "table1", "tiny");
  REQUIRE(plan.cells.size() == 2);  // seeds
  CHECK(plan.cells[0].prepare == plan.cells[1].prepare);
  CHECK(plan.graph.jobs().size() == 1 + 2 * (2 + 2));  // two arms, trained and measured
  CHECK(plan.cells[0].arms[0].model.experts == 4);
  CHECK(plan.cells[0].arms[1].model.experts == 2);
  CHECK(plan.cells[0].arms[1].endings.at(0).steps == 20);
  check_fit(kExample, plan);

  const claims::Claims claims = claims::find_claims(kExample, "half_the_experts");
  const claims::ClaimRow& row = claims.tables.at(0).rows.at(0);
  const auto paper = claims::paper_value(claims, *claims.quantity("loss_ratio"), row);
  REQUIRE(paper.has_value());
  CHECK(paper->value == Approx(4.12 / 4.10));
}

TEST_CASE("a formula over an arm that the paper's experiment lacks is told with its line",
          "[plan]") {
  TemporaryDirectory folder;
  fs::copy(kExample, folder.path(), fs::copy_options::recursive);
  const fs::path file = folder.path() / "experiments/claims/half_the_experts.toml";
  std::string text = read_file(file);
  const std::string wrong = "unseen_loss.half / unseen_loss.al\"";
  text.replace(text.find("unseen_loss.half / unseen_loss.all\""), wrong.size() + 1, wrong);
  write_file_atomically(file, text);
  const claims::Claims claims = claims::find_claims(folder.path(), "half_the_experts");
  config::Problems problems;
  claims::check_here(*claims.quantity("loss_ratio"),
                     arm_names(plan_of(folder.path(), "table1", "tiny")), problems);
  CHECK_THROWS_WITH(problems.throw_if_any(),
                    Catch::Contains("half_the_experts.toml:") &&
                        Catch::Contains("no arm 'al' (did you mean 'all'?)"));
}

}  // namespace repro::plan
