#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

json plan_json(const TemporaryDirectory& folder, const std::string& scale) {
  const Finished ended =
      run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", scale, "--json"});
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  return json::parse(ended.output);
}

// The first row of a model's phase.
json row_of(const json& plan, const std::string& model, const std::string& phase) {
  for (const json& row : plan.at("rows"))
    if (row.at("model") == model && row.at("phase") == phase) return row;
  FAIL("no row of " << model << " " << phase);
  return {};
}

// The totals that the published architectures give by hand.
TEST_CASE("the plan at paper scale shows the published parameter counts", "[cli]") {
  TemporaryDirectory folder;
  const json plan = plan_json(folder, "paper");
  CHECK(row_of(plan, "qwen_moe", "full").at("parameters") == 2'686'420'992);
  CHECK(row_of(plan, "qwen_moe", "submodel").at("parameters") == 2'063'370'240);
  CHECK(row_of(plan, "qwen_moe", "fine-tune").at("parameters") == 2'686'420'992);
  CHECK(row_of(plan, "llama_moe", "full").at("parameters") == 3'493'073'408);
  CHECK(row_of(plan, "llama_moe", "submodel").at("parameters") == 2'680'426'496);
  for (const json& row : plan.at("rows"))
    if (row.at("phase") == "full") CHECK(row.at("hours") > 1);
}

TEST_CASE("the plan says that the LLaMA submodels do not fit their device at 16 bytes", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended =
      run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", "paper"});
  CHECK_THAT(ended.output, Contains("memory: llama_moe submodel (") &&
                               Contains("on rtx-4090 (25.8 GB)") &&
                               Contains("at 16 bytes a parameter does not fit"));
}

TEST_CASE("a plan starts nothing and writes nothing", "[cli]") {
  TemporaryDirectory folder;
  plan_json(folder, "mini");
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("a plan counts every job of the graph once", "[cli]") {
  TemporaryDirectory folder;
  size_t jobs = 0;
  const json plan = plan_json(folder, "mini");
  for (const json& row : plan.at("rows")) jobs += row.at("jobs").size();
  // 3 corpora x (prepare + cluster) + 6 cells x (full + 4 submodels + merge + 4 fine-tunes + 6
  // measurements: of full, merged and each fine-tune)
  CHECK(jobs == 3 * 2 + 6 * (4 + 4 + 1 + 3 + 8) + 2 * (5 + 4 + 9));
}

TEST_CASE("--explain names the file and line of a value, and the command line", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--set",
                                                "match.batch=8", "--explain", "--json"});
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  std::map<std::string, std::pair<std::string, std::string>> values;
  for (const json& origin : json::parse(ended.output))
    values[origin.at("path")] = {origin.at("value"), origin.at("origin")};
  CHECK(values["match.batch"] == std::pair<std::string, std::string>("8", "--set"));
  CHECK_THAT(values["match.sequence"].second, Contains("scales/mini.toml:"));
  CHECK_THAT(values["match.precision"].second, Contains("moe_disco/table3.toml:"));
  CHECK(values["arm.full.train.beta1"].second == "default");
  CHECK_THAT(values["model.qwen_moe.layers"].second, Contains("models/qwen_moe.toml"));
}

}  // namespace
}  // namespace repro::cli
