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
  CHECK(jobs == 3 * 2 + 6 * (5 + 4 + 1 + 3 + 9) + 2 * (6 + 4 + 10));
}

Finished plan_at(const TemporaryDirectory& folder, std::vector<std::string> more) {
  more.insert(more.begin(), {"plan", "table3", "--root", kRoot, "--scale", "paper"});
  return run_in(folder.path(), more);
}

TEST_CASE("a missing price is named with the option that gives it, and given there it adds up",
          "[cli]") {
  TemporaryDirectory folder;
  std::ofstream(folder.path() / "none.toml") << R"(date = "2026-01-01"
source = "a test"
[[offers]]
profile = "h100-sxm"
provider = "x"
price_instance = 2.0
price_gpu = 2.0
)";
  const std::string missing =
      "all devices: n/m: snapshot 'none' has no price of a100-80g, rtx-4090; give it in dollars an "
      "hour with --high a100-80g=PRICE --low rtx-4090=PRICE, or with --prices FILE.toml";
  const Finished without = plan_at(folder, {"--prices", "none.toml"});
  CHECK(without.exit_code == 0);
  CHECK_THAT(without.output, Contains(missing) && Contains("device-hours, no price"));
  const Finished given = plan_at(
      folder, {"--prices", "none.toml", "--low", "rtx-4090=0.40", "--high", "a100-80g=0.87"});
  CHECK_THAT(given.output, Contains("device-hours at $0.40/h = $") &&
                               Contains("device-hours at $0.87/h = $") &&
                               Contains("all devices: $") && !Contains("no price"));
  const json answer = json::parse(plan_at(folder, {"--prices", "none.toml", "--json"}).output);
  CHECK(answer.at("totals").at("dollars").is_null());
  CHECK(answer.at("totals").at("missing_prices") == json{"a100-80g", "rtx-4090"});
  CHECK(std::any_of(answer.at("doubts").begin(), answer.at("doubts").end(), [&](const json& line) {
    return line.get<std::string>().starts_with(missing);
  }));
}

TEST_CASE("a price of a device that the plan does not run on, or none at all, is refused",
          "[cli]") {
  TemporaryDirectory folder;
  const Finished other = plan_at(folder, {"--low", "h100-sxm=2"});
  CHECK(other.exit_code == 4);
  CHECK_THAT(other.errors, Contains("'h100-sxm=2': table3 runs on a100-80g and rtx-4090"));
  const Finished bare = plan_at(folder, {"--high", "a100-80g"});
  CHECK(bare.exit_code == 4);
  CHECK_THAT(bare.errors, Contains("write a100-80g=PRICE, dollars an hour"));
}

TEST_CASE("a plan over several devices bills each, and says what it leaves out", "[cli]") {
  TemporaryDirectory folder;
  const auto answer_of = [&](const char* ranks) {
    const Finished ended =
        run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", "paper", "--json",
                               "--set", "match.accumulate=1", "--set", ranks});
    INFO(ended.errors);
    REQUIRE(ended.exit_code == 0);
    return json::parse(ended.output);
  };
  const json one = answer_of("arm.full.ranks=1"), four = answer_of("arm.full.ranks=4");
  const json row = row_of(four, "qwen_moe", "full");
  CHECK(row.at("devices") == 4);
  CHECK(row.at("hours").get<double>() ==
        Approx(row_of(one, "qwen_moe", "full").at("hours").get<double>() / 4));
  CHECK(row.at("dollars").get<double>() ==
        Approx(row_of(one, "qwen_moe", "full").at("dollars").get<double>()));
  CHECK(four.at("totals").at("dollars").get<double>() ==
        Approx(one.at("totals").at("dollars").get<double>()));
  CHECK(four.at("doubts").dump().find("what they exchange comes on top") != std::string::npos);
  CHECK(one.at("doubts").dump().find("what they exchange") == std::string::npos);
}

TEST_CASE("the doubts of a plan in JSON are those of its text", "[cli]") {
  TemporaryDirectory folder;
  const Finished text = plan_at(folder, {});
  const json answer = json::parse(plan_at(folder, {"--json"}).output);
  CHECK(answer.at("doubts").size() >= 2);
  for (const json& doubt : answer.at("doubts"))
    CHECK_THAT(text.output, Contains(doubt.get<std::string>()));
  double sum = 0;
  for (const json& row : answer.at("rows"))
    sum += row.at("dollars").is_null() ? 0 : row.at("dollars").get<double>();
  CHECK(answer.at("totals").at("dollars").get<double>() == Approx(sum));
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
