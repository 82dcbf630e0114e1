#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

TEST_CASE("help names every verb and the exit codes, and needs no manifest", "[cli]") {
  TemporaryDirectory folder;
  const Finished help = run_in(folder.path(), {"--help"});
  CHECK(help.exit_code == 0);
  for (const char* verb : {"list", "plan", "run", "status", "report", "audit", "price", "profile",
                           "explain", "data", "import"})
    CHECK_THAT(help.output, Contains(verb));
  CHECK_THAT(help.output, Contains("130 interrupted"));
}

TEST_CASE("the help of every verb has examples", "[cli]") {
  TemporaryDirectory folder;
  for (const char* verb : {"list", "plan", "run", "status", "report", "profile", "explain", "data"})
    CHECK_THAT(run_in(folder.path(), {verb, "--help"}).output,
               Contains(std::string("repro ") + verb) && Contains("Examples:"));
}

TEST_CASE("a usage error is one line and exits 64", "[cli]") {
  TemporaryDirectory folder;
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"frobnicate"},
                                                       {"run"},
                                                       {"run", "table3", "--no-such-option"},
                                                       {"run", "table3", "--jobs", "many"},
                                                       {"run", "table3", "--jobs", "0"}};
  for (const auto& args : wrong) {
    const Finished ended = run_in(folder.path(), args);
    CHECK(ended.exit_code == 64);
    CHECK_THAT(ended.errors, Catch::StartsWith("repro: error: "));
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
    CHECK(ended.output.empty());
  }
}

TEST_CASE("an unknown experiment is refused with a suggestion and exit 4", "[cli]") {
  TemporaryDirectory folder;
  for (const char* verb : {"run", "plan", "report", "status"}) {
    const Finished ended = run_in(folder.path(), {verb, "tabel3", "--root", kRoot});
    CHECK(ended.exit_code == 4);
    CHECK_THAT(ended.errors, Contains("'tabel3'") && Contains("table3"));
    CHECK_FALSE(fs::exists(folder.path() / "runs"));
  }
}

TEST_CASE("a setting of no value of the manifest is refused before anything starts", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"run", "table3", "--root", kRoot, "--scale",
                                                "smoke", "--set", "match.batsch=8"});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("batsch") && Contains("did you mean"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("a root without experiments is refused", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"list", "--root", folder.path().string()});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("experiments/"));
}

}  // namespace
}  // namespace repro::cli
