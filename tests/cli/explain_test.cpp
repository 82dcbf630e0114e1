#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "run/fake_run.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

TEST_CASE("explain shows a run's values with their origins, found by the beginning of its name",
          "[cli]") {
  TemporaryDirectory folder;
  run::write_run(folder.path() / "runs/train-a-1234", {});
  const Finished ended = run_in(folder.path(), {"explain", "train-a"});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output,
             Contains("optimizer.lr") && Contains("table3.toml:7") && Contains("unfinished"));
  const Finished unknown = run_in(folder.path(), {"explain", "train-b-1234"});
  CHECK(unknown.exit_code == 4);
  CHECK_THAT(unknown.errors, Contains("did you mean 'train-a-1234'"));
}

TEST_CASE("an unknown number is refused with the likely one, or with the quantities", "[cli]") {
  TemporaryDirectory folder;
  const auto error_of = [&](const char* number) {
    const Finished ended = run_in(folder.path(), {"explain", number, "--root", kRoot});
    CHECK(ended.exit_code == 4);
    CHECK(ended.errors.size() < 600);
    return ended.errors;
  };
  CHECK_THAT(error_of("table3:qwen_moe:c4:savin"),
             Contains("did you mean 'table3:qwen_moe:c4:saving'?"));
  CHECK_THAT(error_of("table3:something"),
             Contains("named like 'table3:qwen_moe:c4:saving'") && Contains("break_even_ratio"));
}

TEST_CASE("explain of two runs prints where they part", "[cli]") {
  TemporaryDirectory folder;
  run::write_run(folder.path() / "a", {});
  run::write_run(folder.path() / "b", {.lr = 2e-3});
  const Finished ended = run_in(folder.path(), {"explain", "a", "b"});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output,
             Contains("spec.optimizer.lr: 0.001 | 0.002") && Contains("environment: equal"));
}

TEST_CASE("with a gate, two runs that differ end with code 1", "[cli]") {
  TemporaryDirectory folder;
  run::write_run(folder.path() / "a", {});
  run::write_run(folder.path() / "same", {});
  run::write_run(folder.path() / "b", {.third_loss = 4.5});
  const auto code = [&](std::vector<std::string> args) {
    args.insert(args.begin(), "explain");
    return run_in(folder.path(), args).exit_code;
  };
  CHECK(code({"a", "same", "--gate"}) == 0);
  CHECK(code({"a", "b"}) == 0);
  CHECK(code({"a", "b", "--gate"}) == 1);
  CHECK(code({"a", "--gate"}) == 64);
}

TEST_CASE("explain says of every number of a cell what the report says of it", "[cli]") {
  TemporaryDirectory folder;
  const auto answer = [&](std::vector<std::string> words, const fs::path& worker = {}) {
    for (const char* word : {"--root", kRoot.c_str(), "--scale", "smoke", "--set",
                             "models=[\"qwen_moe\"]", "--set", "corpora=[\"c4\"]"})
      words.emplace_back(word);
    const Finished ended = run_in(folder.path(), words, worker);
    INFO(words[0] << " " << words[1] << "\n" << ended.errors);
    REQUIRE(ended.exit_code == 0);
    return ended.output;
  };
  answer({"run", "table3"}, write_worker(folder, "finish"));
  const json report = json::parse(answer({"report", "table3", "--json"}));
  int64_t measured = 0;
  for (const json& finding : report.at("findings")) {
    const std::string id = finding.at("id");
    json explained = json::parse(answer({"explain", id, "--json"}));
    CHECK(explained.at("doubts") == report.at("doubts"));
    explained.erase("doubts");
    CAPTURE(id);
    CHECK(explained == finding);
    measured += finding.contains("inputs") && !finding.at("inputs").empty();
    // Said in words too, with the runs that it is computed from.
    const std::string said = answer({"explain", id});
    CHECK_THAT(said, Contains("computed from") && Contains("runs/train-qwen_moe-c4-full-s0-"));
    CHECK_THAT(said, Contains("  verdict   " + finding.at("verdict").get<std::string>()));
  }
  CHECK(measured >= 5);
}

TEST_CASE("JSON of a hundred thousand levels is refused by every verb that reads it", "[cli]") {
  TemporaryDirectory folder;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  run::write_run(folder.path() / "runs/train-a-1234", {});
  std::ofstream(folder.path() / "runs/train-a-1234/job.json")
      << "{\"schema\": 2, \"spec\": " << deep << "}";
  std::ofstream(folder.path() / "trainer_state.json") << "{\"log_history\": " << deep << "}";
  std::ofstream(folder.path() / "offers.json") << deep;
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"explain", "train-a"},
           {"explain", "runs/train-a-1234", "runs/train-a-1234"},
           {"import", "log", "trainer_state.json"},
           {"price", "import", "offers.json", "--date", "2026-01-31"}}) {
    const Finished ended = run_in(folder.path(), args);
    CAPTURE(args, ended.errors);
    CHECK(ended.exit_code > 0);
    CHECK_THAT(ended.errors, Catch::StartsWith("repro: error: "));
  }
  CHECK(run_in(folder.path(), {"status"}).exit_code == 0);
}

TEST_CASE("a priced row is explained from the paper's hours to its saving and break-even",
          "[cli]") {
  TemporaryDirectory folder;
  const Finished ended =
      run_in(folder.path(), {"explain", "price:table3:qwen_moe/c4", "--root", kRoot});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output, Catch::Contains("9.87 h on a100-80g (published") &&
                               Catch::Contains("8.36 device-hours x $0.35 = $2.9260") &&
                               Catch::Contains("saving: 1 - 6.8704 / 22.5036 = 69.5 %") &&
                               Catch::Contains("break-even: r = A / B = 0.97"));
  const Finished slip =
      run_in(folder.path(), {"explain", "price:table3:qwen_moe/c5", "--root", kRoot});
  CHECK(slip.exit_code == 4);
  CHECK_THAT(slip.errors, Catch::Contains("did you mean 'qwen_moe/c4'"));
}

TEST_CASE("a check of an audit is explained by its formula and what each row gives", "[cli]") {
  const TemporaryDirectory folder;
  const auto explained = [&](const std::string& what, const std::string& more = "") {
    std::vector<std::string> words = {"explain", what, "--root", kRoot};
    if (!more.empty()) words.push_back(more);
    return run_in(folder.path(), words);
  };
  const Finished cost = explained("audit:moe-disco:full_cost");
  CHECK(cost.exit_code == 0);
  CHECK_THAT(cost.output, Contains("full_cost = price_high * full_hours") &&
                              Contains("Qwen / C4: holds") && Contains("22.50"));
  CHECK_THAT(explained("audit:moe-disco:submodel_roofline").output,
             Contains("Llama / WikiText-2: impossible") && Contains("156.0 %"));
  const auto answer =
      nlohmann::json::parse(explained("audit:moe-disco:full_cost", "--json").output);
  CHECK(answer.at("findings").size() == 6);
  CHECK_THAT(explained("audit:moe-disco:full_costs").errors, Contains("did you mean 'full_cost'"));
  CHECK(explained("audit:moe-disco").exit_code == 64);
}

}  // namespace
}  // namespace repro::cli
