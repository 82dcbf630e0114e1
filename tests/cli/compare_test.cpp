#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "run/fake_run.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

// A log of 40 steps, one a line, whose loss falls from `start` by a tenth a step.
void write_log(const fs::path& path, double start, int64_t every = 1) {
  std::ofstream file(path);
  file << "step,loss,tokens,seconds\n";
  for (int64_t step = every; step <= 40; step += every)
    file << step << ',' << start - 0.1 * static_cast<double>(step) << ',' << step * 100 << ','
         << step * 2 << '\n';
}

Finished compare_in(const TemporaryDirectory& folder, std::vector<std::string> options) {
  options.insert(options.begin(), "compare");
  return run_in(folder.path(), options);
}

void import_both(const TemporaryDirectory& folder) {
  write_log(folder.path() / "fast.csv", 8);
  write_log(folder.path() / "slow.csv", 9);
  for (const char* file : {"fast.csv", "slow.csv"})
    REQUIRE(run_in(folder.path(), {"import", "log", file, "--format", "csv"}).exit_code == 0);
}

TEST_CASE("two imported runs are compared over the same window, to the same target", "[cli]") {
  const TemporaryDirectory folder;
  import_both(folder);
  const Finished ended = compare_in(folder, {"import-f", "import-s", "--target", "6.0", "--json"});
  CAPTURE(ended.errors);
  REQUIRE(ended.exit_code == 0);
  const json answer = json::parse(ended.output);
  CHECK(answer.at("window_steps") == 4);
  const json& fast = answer.at("runs").at(0);
  const json& slow = answer.at("runs").at(1);
  CHECK(fast.at("final_loss").get<double>() == Approx(8 - 0.1 * 38.5));
  CHECK(slow.at("final_loss").get<double>() == Approx(9 - 0.1 * 38.5));
  // The mean over 4 steps is the loss 1.5 steps earlier: 6.0 is met behind step 21.
  CHECK(fast.at("to_target").at("steps").at("by") == 22);
  CHECK(slow.at("to_target").at("steps").at("by") == 32);
  CHECK(fast.at("to_target").at("tokens").at("by") == 2200);
  CHECK(slow.at("to_target").at("hours").at("by").get<double>() == Approx(64.0 / 3600));
  CHECK(answer.at("first_differing_step").at("where") == "records: step 1, loss");
}

TEST_CASE("a target met by the first point or by none is a bound", "[cli]") {
  const TemporaryDirectory folder;
  import_both(folder);
  const Finished low = compare_in(folder, {"import-f", "import-s", "--target", "4.5"});
  CHECK_THAT(low.output, Contains("(36 to 37]") && Contains(">= 40") && Contains(">= 4000"));
  const Finished high = compare_in(folder, {"import-f", "import-s", "--target", "8.0"});
  CHECK_THAT(high.output, Contains("<= 4 ") && Contains("<= 400") && Contains("<= 8.0 s"));
}

TEST_CASE("a gate makes a target not reached 3 and a difference 1", "[cli]") {
  const TemporaryDirectory folder;
  import_both(folder);
  const auto code = [&](const std::vector<std::string>& options) {
    return compare_in(folder, options).exit_code;
  };
  CHECK(code({"import-f", "import-s", "--target", "4.5"}) == 0);
  CHECK(code({"import-f", "import-s", "--target", "4.5", "--gate"}) == 3);
  CHECK(code({"import-f", "import-s", "--target", "6.0", "--gate"}) == 0);
  CHECK(code({"import-f", "import-s", "--gate"}) == 1);
  CHECK(code({"import-f", "import-f", "--gate"}) == 0);
  CHECK(code({"import-f", "import-s", "--target-valid", "4.5", "--gate"}) == 3);
  CHECK(code({"import-f"}) == 64);
  CHECK(code({"import-f", "import-s", "--window", "41"}) == 64);
  CHECK(code({"import-f", "import-x"}) == 4);
}

TEST_CASE("a run of one's own stands beside an imported one, what a log lacks is n/m", "[cli]") {
  const TemporaryDirectory folder;
  run::write_run(folder.path() / "runs/train-a-1234", {});
  std::ofstream(folder.path() / "other.csv") << "step,loss\n2,5\n3,4\n";
  REQUIRE(run_in(folder.path(), {"import", "log", "other.csv", "--format", "csv"}).exit_code == 0);
  const Finished ended = compare_in(folder, {"train-a", "import-other", "--target", "4.5"});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output, Contains("(2 to 3]") && Contains("n/m: not in the run") &&
                               Contains("kind: \"train\" | \"import\""));
  // The first step that both have is equal; then one lacks the first.
  CHECK_THAT(ended.output, Contains("records: step 1: recorded | not recorded"));
}

TEST_CASE("a log of every tenth step is averaged over as many steps as one of every step",
          "[cli]") {
  const TemporaryDirectory folder;
  write_log(folder.path() / "dense.csv", 8);
  write_log(folder.path() / "sparse.csv", 8, 10);
  for (const char* file : {"dense.csv", "sparse.csv"})
    run_in(folder.path(), {"import", "log", file, "--format", "csv"});
  const Finished ended =
      compare_in(folder, {"import-dense", "import-sparse", "--window", "20", "--json"});
  const json answer = json::parse(ended.output);
  CHECK(answer.at("runs").at(0).at("final_loss").get<double>() == Approx(8 - 0.1 * 30.5));
  CHECK(answer.at("runs").at(1).at("final_loss").get<double>() == Approx(8 - 0.1 * 35));
  CHECK(answer.at("first_differing_step").at("where") == "records: step 1");
}

}  // namespace
}  // namespace repro::cli
