#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

TEST_CASE("the paper's audit exits 1", "[cli]") {
  const TemporaryDirectory folder;
  const Finished audit = run_in(folder.path(), {"audit", "moe-disco", "--root", kRoot});
  CHECK(audit.exit_code == 1);
  CHECK_THAT(audit.output, Contains("contradict the paper's own numbers"));
  CHECK_THAT(audit.output, Contains("accuracies_are_counts") && Contains("impossible"));
}

TEST_CASE("without the gate the audit exits 0 and finds the same", "[cli]") {
  const TemporaryDirectory folder;
  const Finished audit =
      run_in(folder.path(), {"audit", "moe-disco", "--root", kRoot, "--no-gate", "--json"});
  CHECK(audit.exit_code == 0);
  const auto answer = nlohmann::json::parse(audit.output);
  CHECK(answer.at("contradictions") == true);
  CHECK(answer.at("checks").size() > 30);
  CHECK(answer.at("provenance").size() > 20);
  CHECK_THAT(audit.output, Contains("no count of 1,838 items gives 52.25 %"));
}

TEST_CASE("an audit is written in five formats", "[cli]") {
  const TemporaryDirectory folder;
  run_in(folder.path(), {"audit", "moe-disco", "--root", kRoot, "--output", "out"});
  for (const char* file : {"audit.md", "audit.html", "audit.tex", "audit.csv", "audit.json"}) {
    CAPTURE(file);
    REQUIRE(fs::exists(folder.path() / "out" / file));
    CHECK_THAT(read_file(folder.path() / "out" / file), Contains("Llama / OpenWebText"));
  }
}

TEST_CASE("claims without contradictions exit 0, damaged ones 4 with their line", "[cli]") {
  const TemporaryDirectory folder;
  const std::string good =
      "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"k\"]\ncolumns = [{ id = "
      "\"cost\", unit = \"USD\" }, { id = \"hours\", unit = \"h\" }]\nrows = [[\"a\", \"4.0\", "
      "\"2.0\"]]\n[[check]]\nkind = \"equation\"\nid = \"e\"\nstatement = \"s\"\ntable = \"t\"\n"
      "left = \"cost\"\nright = \"2 * hours\"\n";
  std::ofstream(folder.path() / "good.toml") << good;
  CHECK(run_in(folder.path(), {"audit", "good.toml", "--root", kRoot}).exit_code == 0);
  std::ofstream(folder.path() / "bad.toml") << good << "tolerances = 1\n";
  const Finished bad = run_in(folder.path(), {"audit", "bad.toml", "--root", kRoot});
  CHECK(bad.exit_code == 4);
  CHECK_THAT(bad.errors, Contains("bad.toml:15: unknown key 'tolerances'"));
  const Finished unknown = run_in(folder.path(), {"audit", "moe-dico", "--root", kRoot});
  CHECK(unknown.exit_code == 4);
  CHECK_THAT(unknown.errors, Contains("did you mean 'moe_disco'?"));
}

}  // namespace
}  // namespace repro::cli
