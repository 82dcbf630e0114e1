#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/repro_process.hpp"
#include "config/library.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using config::stems;

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

TEST_CASE("all claims are audited one line each, the worst first", "[cli]") {
  const TemporaryDirectory folder;
  const Finished all = run_in(folder.path(), {"audit", "--all", "--root", kRoot});
  CHECK(all.exit_code == 1);
  std::vector<std::string> lines = split(all.output, '\n');
  lines.pop_back();  // behind the last newline
  CHECK(lines.size() == stems(fs::path(kRoot) / "experiments/claims").size());
  const auto line_of = [&](const std::string& claims) {
    for (size_t i = 0; i < lines.size(); ++i)
      if (lines[i].find(" " + claims + " ") != std::string::npos) return i;
    FAIL("no line of " << claims);
    return size_t{0};
  };
  CHECK_THAT(lines.front(), Contains("impossible") && Contains(" moe_disco ") &&
                                Contains("156.0 %"));  // its worst, not its first
  CHECK(line_of("llm_foundry") < line_of("tinyllama"));
  CHECK(line_of("tinyllama") < line_of("deepseek_v3"));
  CHECK_THAT(lines[line_of("deepseek_v3")], Contains("every number that can be checked closes"));
  CHECK_THAT(lines[line_of("llm_foundry")], Contains("100 times too large") || Contains("heading"));
  for (const std::string& line : lines) CHECK(line.size() <= 120);
  CHECK(run_in(folder.path(), {"audit", "--all", "--no-gate", "--root", kRoot}).exit_code == 0);
  const Finished json = run_in(folder.path(), {"audit", "--all", "--json", "--root", kRoot});
  CHECK(nlohmann::json::parse(json.output).size() == lines.size());
}

TEST_CASE("an audit shows its worst check first, and with --summary the checks alone", "[cli]") {
  const TemporaryDirectory folder;
  const Finished summary =
      run_in(folder.path(), {"audit", "moe-disco", "--summary", "--root", kRoot});
  const size_t impossible = summary.output.find("accuracies_are_counts");
  const size_t holding = summary.output.find("submodel_cost");
  REQUIRE(impossible != std::string::npos);
  REQUIRE(holding != std::string::npos);
  CHECK(impossible < holding);
  CHECK(summary.output.find("Findings against the paper") == std::string::npos);
  CHECK_THAT(run_in(folder.path(), {"audit", "fms-fsdp", "--root", kRoot}).output,
             Contains("closes if"));
}

TEST_CASE("an audit of nothing is refused, and one without checks says so", "[cli]") {
  const TemporaryDirectory folder;
  const Finished nothing = run_in(folder.path(), {"audit", "--root", kRoot});
  CHECK(nothing.exit_code == 64);
  CHECK_THAT(nothing.errors, Contains("which claims?"));
  CHECK(run_in(folder.path(), {"audit", "--all", "--output", "out", "--root", kRoot}).exit_code ==
        64);
  const Finished unchecked = run_in(folder.path(), {"audit", "comparisons", "--root", kRoot});
  CHECK(unchecked.exit_code == 0);
  CHECK_THAT(unchecked.errors, Contains("declare no [[check]]"));
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
