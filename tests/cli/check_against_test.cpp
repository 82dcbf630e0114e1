// What is compared without a golden of our own runs: other runs, other programs, seconds.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/gate.hpp"

namespace repro::cli {

using Catch::Contains;
using nlohmann::json;

TEST_CASE("two sets of runs are compared without a golden", "[cli]") {
  const Gate gate;
  const auto runs = [&](const std::string& folder, const char* seeds) {
    return gate.run({"run", "table1", "--scale", "tiny", "--seeds", seeds, "--runs", folder})
        .exit_code;
  };
  REQUIRE(runs("base", "6") == 0);
  REQUIRE(runs("same", "6") == 0);
  gate.set("shift", "0.3");
  REQUIRE(runs("worse", "6") == 0);
  const Finished same = gate.run({"check", "--against", "base", "same"});
  INFO(same.output << same.errors);
  CHECK(same.exit_code == 0);
  const Finished worse = gate.run({"check", "--against", "base", "worse"});
  INFO(worse.output << worse.errors);
  CHECK(worse.exit_code == 5);  // nothing says yet that other seeds show it too
  CHECK_THAT(worse.output, Contains("final loss") && Contains("suspect"));
  // A run without a result is not passed over, on either side.
  for (const auto& entry : fs::directory_iterator(gate.path() / "same")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("train-") || name.find("-s3-") == std::string::npos) continue;
    fs::remove(entry.path() / "DONE");
    write_file_atomically(entry.path() / "FAILED", "out of memory\n");
  }
  for (const bool in_base : {false, true}) {
    const Finished failed =
        gate.run({"check", "--against", in_base ? "same" : "base", in_base ? "base" : "same"});
    INFO(failed.output << failed.errors);
    CHECK(failed.exit_code == 2);
    CHECK_THAT(failed.output, Contains("seed 3: out of memory"));
  }
  CHECK(gate.run({"check", "--against", "base", "nowhere"}).exit_code == 4);
  fs::create_directories(gate.path() / "empty");
  CHECK(gate.run({"check", "--against", "base", "empty"}).exit_code == 6);
  CHECK(gate.run({"check", "--against", "base"}).exit_code == 64);
  // Other settings are not comparable, and never red.
  REQUIRE(gate.run({"run", "table1", "--scale", "tiny", "--seeds", "6", "--runs", "faster", "--set",
                    "arm.all.train.lr=2e-3", "--set", "arm.half.train.lr=2e-3"})
              .exit_code == 0);
  const Finished unlike = gate.run({"check", "--against", "base", "faster"});
  CHECK(unlike.exit_code == 6);
  CHECK_THAT(unlike.output, Contains("not comparable") && Contains("spec.optimizer.lr"));
}

TEST_CASE("files of other programs take part on either side, and as a golden", "[cli]") {
  const Gate gate;
  const fs::path files = fs::path(REPRO_TESTS) / "check/loss_files";
  const auto against = [&](const char* a, const char* b) {
    return gate.run({"check", "--against", (files / a).string(), (files / b).string()});
  };
  CHECK(against("titan_old.txt", "titan_old.txt").exit_code == 0);
  CHECK(against("megatron_full.json", "megatron_full.json").exit_code == 0);
  CHECK(against("titan_old.txt", "titan_new.txt").exit_code == 5);
  std::vector<std::string> five = {"golden", "record", "--name", "logs", "--why", "w", "--from"};
  for (int seed = 0; seed < 5; ++seed) {
    const fs::path file = gate.path() / fmt::format("log{}.csv", seed);
    std::ofstream log(file);
    log << "step,loss\n";
    for (int step = 1; step <= 30; ++step)
      log << step << ',' << 3 + 3.0 / step + 0.01 * ((seed * 7 + step * 3) % 5) << '\n';
    five.push_back(file.string());
  }
  const Finished recorded = gate.run(five);
  INFO(recorded.errors);
  REQUIRE(recorded.exit_code == 0);
  const auto now = [&](double shift) {
    const fs::path file = gate.path() / "now.csv";
    std::ofstream log(file);
    log << "step,loss\n";
    for (int step = 1; step <= 30; ++step)
      log << step << ',' << shift + 3.02 + 3.0 / step + 0.001 * (step % 3) << '\n';
    log.close();
    return gate.run({"check", "logs", "--from", file.string()});
  };
  const Finished near = now(0);
  INFO(near.output << near.errors);
  CHECK(near.exit_code == 0);
  CHECK(now(1).exit_code == 5);
  CHECK(gate.run({"check", "logs"}).exit_code == 64);
}

TEST_CASE("seconds are compared with those of the machine, or of two programs in turns", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record({"--time"}).exit_code == 0);
  const Finished here = gate.run({"check", "small", "--time", "--json"});
  INFO(here.errors);
  CHECK(here.exit_code == 0);
  CHECK(row_of(json::parse(here.output), "seconds of a step")->at("verdict") == "ok");
  const std::string worker = (gate.path() / "worker").string();
  const Finished turns = gate.run({"check", "small", "--base", worker, "--json"});
  INFO(turns.errors);
  CHECK(turns.exit_code == 0);
  const json answer = json::parse(turns.output);
  REQUIRE(answer.at("rows").size() == 1);
  CHECK_THAT(answer.at("rows")[0].at("reason").get<std::string>(), Contains("+0.0 %"));
  gate.set("cpu", "B");
  const Finished elsewhere = gate.run({"check", "small", "--time"});
  CHECK_THAT(elsewhere.output, Contains("no time golden of this machine"));
}

}  // namespace repro::cli
