#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

// Every match of `pattern`'s one group in `text`.
std::vector<std::string> all_matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

// The names of base/error.hpp's Exit that some source gives.
std::set<std::string> given_exits() {
  std::set<std::string> names = {"bad_input"};  // an Error that names none
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(kRoot) / "src"))
    if (entry.path().extension() == ".cpp")
      for (const std::string& name : all_matches(read_file(entry.path()), R"(Exit::(\w+))"))
        names.insert(name);
  return names;
}

// What the programs can end with, of the codes that base/error.hpp numbers.
std::set<std::string> given_codes() {
  const std::string header = read_file(fs::path(kRoot) / "src/base/error.hpp");
  std::set<std::string> codes;
  for (const std::string& name : given_exits())
    for (const std::string& code : all_matches(header, ("\\b" + name + R"( = (\d+))").c_str()))
      codes.insert(code);
  return codes;
}

TEST_CASE("help names every verb and the exit codes, and needs no manifest", "[cli]") {
  TemporaryDirectory folder;
  const Finished help = run_in(folder.path(), {"--help"});
  CHECK(help.exit_code == 0);
  for (const char* verb : {"list", "plan", "run", "status", "report", "audit", "price", "decide",
                           "profile", "explain", "compare", "data", "import"})
    CHECK_THAT(help.output, Contains(verb));
  CHECK_THAT(help.output, Contains("130 interrupted"));
}

TEST_CASE("help lists the exit codes that the sources give, and no other", "[cli]") {
  TemporaryDirectory folder;
  const std::string help = run_in(folder.path(), {"--help"}).output;
  const std::vector<std::string> listed =
      all_matches(help.substr(help.find("Exit codes:")), R"([:,]\s+(\d+) )");
  CHECK(std::set<std::string>(listed.begin(), listed.end()) == given_codes());
}

TEST_CASE("the help of every verb has examples", "[cli]") {
  TemporaryDirectory folder;
  for (const char* verb : {"list", "plan", "run", "status", "report", "decide", "profile",
                           "explain", "compare", "data"})
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

TEST_CASE("no message shows a library's mark or the name of a temporary file", "[cli]") {
  TemporaryDirectory folder;
  std::ofstream(folder.path() / "a.csv") << "step,loss\n1,2\n";
  std::ofstream(folder.path() / "offers.json")
      << "[{\"gpu_name\": \"A100\", \"gpu_count\": \"x\"}]";
  std::ofstream(folder.path() / "vms.csv") << "AcceleratorName,AcceleratorCount,Price\nH100,1,2\n";
  for (const auto& args : std::vector<std::vector<std::string>>{
           {"import", "log", "a.csv", "--format", "csv", "--output", "/proc/none"},
           {"import", "log", "\xff\xfe.csv", "--format", "csv"},
           {"price", "import", "offers.json", "--date", "2026-01-31"},
           {"price", "import", "vms.csv", "--provider", "x", "--date", "2026-01-31", "--output",
            "no/such/folder.toml"}}) {
    const Finished ended = run_in(folder.path(), args);
    CAPTURE(args, ended.errors);
    CHECK(ended.exit_code != 0);
    CHECK_THAT(ended.errors, Catch::StartsWith("repro: error: ") && !Contains("json.exception") &&
                                 !Contains(".tmp"));
  }
}

}  // namespace
}  // namespace repro::cli
