// What a check finds, what it says of it, and to whom.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/gate.hpp"

namespace repro::cli {

using Catch::Contains;
using nlohmann::json;

TEST_CASE("an unchanged program is green twice, and what was run is not run again", "[cli]") {
  const Gate gate;
  const Finished recorded = gate.record();
  INFO(recorded.errors);
  REQUIRE(recorded.exit_code == 0);
  CHECK_THAT(recorded.output, Contains("toy-speeches-all") && Contains("0 of 200 replays"));
  for (int i = 0; i < 2; ++i) {
    const Finished checked = gate.run({"check", "small"});
    INFO(checked.output << checked.errors);
    CHECK(checked.exit_code == 0);
    CHECK_THAT(checked.output, Contains("small: ok: ") && Contains("as without a stop"));
    CHECK_THAT(checked.output, Contains(fmt::format("history: {} earlier check", i)));
  }
  CHECK(gate.run({"check"}).exit_code == 0);  // the only golden
}

TEST_CASE("a change that moves losses is red once other seeds have borne it out", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.change_program("0.05");
  const Finished checked = gate.run({"check", "small", "--json"});
  INFO(checked.errors);
  CHECK(checked.exit_code == 1);
  const json answer = json::parse(checked.output);
  const json* loss = row_of(answer, "final loss");
  REQUIRE(loss != nullptr);
  CHECK(loss->at("verdict") == "regression confirmed");
  CHECK(loss->at("now").get<double>() - loss->at("golden").get<double>() == Approx(0.05));
  CHECK_THAT(loss->at("reason").get<std::string>(), Contains("so with other seeds"));
  CHECK(row_of(answer, "order of the data")->at("verdict") == "ok");
}

TEST_CASE("other bits alone are no regression, unless the golden says so", "[cli]") {
  for (const bool gates : {false, true}) {
    const Gate gate;
    REQUIRE(
        gate.record(gates ? std::vector<std::string>{"--exact-gates"} : std::vector<std::string>{})
            .exit_code == 0);
    gate.change_program("1e-9");
    const Finished checked = gate.run({"check", "small", "--json"});
    INFO(checked.errors);
    CHECK(checked.exit_code == (gates ? 1 : 0));
    CHECK_THAT(row_of(json::parse(checked.output), "every record")->at("reason").get<std::string>(),
               Contains("step 1: loss"));
  }
}

TEST_CASE("on another processor bits are not compared, and it is said", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.set("cpu", "B");
  const Finished checked = gate.run({"check", "small"});
  INFO(checked.output << checked.errors);
  CHECK(checked.exit_code == 0);
  CHECK_THAT(checked.output, Contains("processor: A then, B now") && Contains("not comparable"));
  CHECK(gate.run({"check", "small", "--lane", "exact"}).exit_code == 0);  // order and rate remain
}

TEST_CASE("a training that goes on otherwise after a stop is red", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.set("resume", "0.001");
  const Finished checked = gate.run({"check", "small"});
  CHECK(checked.exit_code == 1);
  CHECK_THAT(checked.output, Contains("as without a stop") && Contains("step 11: loss"));
}

TEST_CASE("a failed run ends with 2 and is never green", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.change_program("0");
  gate.set("fail", "");
  const Finished checked = gate.run({"check", "small"});
  CHECK(checked.exit_code == 2);
  CHECK_THAT(checked.output, Contains("nothing measured") && Contains("out of memory"));
  CHECK_THAT(gate.record({}, "other").errors, Contains("out of memory"));
  CHECK_FALSE(fs::exists(gate.root() / "goldens/other.json"));
}

TEST_CASE("build servers get JUnit, and GitHub a summary that is quiet where nothing changed",
          "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  const fs::path summary = gate.path() / "summary.md", junit = gate.path() / "junit.xml";
  const auto check = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"check", "small", "--root", gate.root().string()};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<std::string> command = repro_command(gate.path(), words, gate.path() / "worker");
    command.insert(command.begin() + 3, "GITHUB_STEP_SUMMARY=" + summary.string());
    return Process(command).wait();
  };
  CHECK(check({"--junit", junit.string()}).exit_code == 0);
  const std::string quiet = read_file(summary);
  CHECK(std::count(quiet.begin(), quiet.end(), '\n') <= 4);
  CHECK_THAT(quiet,
             Contains("**repro check small** ok: ") && Contains("<!-- repro-check small -->"));
  CHECK_THAT(read_file(junit), Contains("failures=\"0\""));
  gate.change_program("0.05");
  CHECK(
      check({"--junit", junit.string(), "--markdown", (gate.path() / "a.md").string()}).exit_code ==
      1);
  const std::string loud = read_file(summary).substr(quiet.size());
  CHECK_THAT(loud, Contains("Changed: to be looked at") && Contains("<details>") &&
                       Contains("Again: `repro check small`"));
  CHECK(read_file(gate.path() / "a.md") + "\n" == loud);
  CHECK_THAT(read_file(junit), Contains("type=\"regression confirmed\""));
}

TEST_CASE("the seeds that a change needs are planned by what has run", "[cli]") {
  const Gate gate;
  const auto plan = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"plan", "table1",   "--scale", "tiny",  "--power",
                                      "0.8",  "--effect", "0.05",    "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished ended = gate.run(words);
    INFO(ended.errors);
    REQUIRE(ended.exit_code == 0);
    return json::parse(ended.output).at("rows");
  };
  const json assumed = plan({});
  REQUIRE(assumed.size() == 1);
  CHECK_THAT(assumed[0].at("from").at("text").get<std::string>(), Contains("assumed"));
  CHECK(assumed[0].at("seeds").at("value") == 9);  // 4 % of spread, 5 % to be found
  CHECK(plan({"--spread", "0.02"})[0].at("seeds").at("value") == 3);
  REQUIRE(gate.run({"run", "table1", "--scale", "tiny", "--seeds", "6"}).exit_code == 0);
  const json measured = plan({"--seeds", "6"});
  REQUIRE(measured.size() == 2);
  CHECK(measured[0].at("from").at("text") == "6 seeds");
  CHECK(gate.run({"plan", "table1", "--scale", "tiny", "--effect", "0.05"}).exit_code == 64);
}

TEST_CASE("a log's rules are asked of a file, with 7 for one that breaks them", "[cli]") {
  const TemporaryDirectory folder;
  const std::string log = (fs::path(REPRO_TESTS) / "check/mlperf_logs/good.log").string();
  CHECK(run_in(folder.path(), {"check", "log", log}).exit_code == 0);
  std::ofstream(folder.path() / "bad.log") << ":::MLLOG {}\n";
  const Finished bad = run_in(folder.path(), {"check", "log", "bad.log", "--json"});
  CHECK(bad.exit_code == 7);
  CHECK(json::parse(bad.output).at("rows").size() > 10);
  CHECK(run_in(folder.path(), {"check", "log", "no.log"}).exit_code == 4);
}

TEST_CASE("the help of check and golden shows how they are used", "[cli]") {
  const TemporaryDirectory folder;
  for (const char* verb : {"check", "golden"})
    CHECK_THAT(run_in(folder.path(), {verb, "--help"}).output,
               Contains(std::string("repro ") + verb) && Contains("Examples:"));
}

}  // namespace repro::cli
