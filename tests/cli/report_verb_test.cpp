// `repro report` and `run`: which cells, which files, how much is said, in which colours.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/text.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

std::vector<std::string> words(std::vector<std::string> verb,
                               const std::vector<std::string>& more = {},
                               const std::string& scale = "smoke") {
  const std::vector<std::string> cell = {"table3", "--root", kRoot,        "--scale",
                                         scale,    "--only", "qwen_moe/c4"};
  verb.insert(verb.end(), cell.begin(), cell.end());
  verb.insert(verb.end(), more.begin(), more.end());
  return verb;
}

// Runs of one cell, as a worker of the tests leaves them.
struct OneCell {
  TemporaryDirectory folder;
  Finished ran;
  OneCell() {
    const fs::path worker = write_worker(folder, "finish");
    ran = run_in(folder.path(), words({"run"}), worker);
    INFO(ran.errors);
    REQUIRE(ran.exit_code == 0);
  }
  Finished report(const std::vector<std::string>& more) const {
    return run_in(folder.path(), words({"report"}, more));
  }
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("--only runs the jobs of its cells and reports their rows alone", "[cli]") {
  const OneCell cell;
  CHECK_THAT(cell.ran.output, Contains("Qwen") && Contains("cells: 1 of 1 measured"));
  CHECK_THAT(cell.ran.output, !Contains("Llama") && !Contains("WikiText"));
  const Finished plan = run_in(cell.folder.path(), words({"plan"}));
  CHECK_THAT(plan.output, !Contains("Llama"));
  // The jobs are those of the whole experiment: running it all takes the rest.
  const Finished status =
      run_in(cell.folder.path(), {"status", "table3", "--root", kRoot, "--scale", "smoke"});
  CHECK_THAT(status.output, Contains("16 done"));
}

TEST_CASE("--only takes a model or a corpus for all its cells, and refuses what is neither",
          "[cli]") {
  TemporaryDirectory folder;
  const auto plan = [&](const std::string& only) {
    return run_in(folder.path(),
                  {"plan", "table3", "--root", kRoot, "--scale", "smoke", "--only", only});
  };
  CHECK_THAT(plan("llama_moe").output, Contains("Llama") && !Contains("Qwen"));
  CHECK_THAT(plan("c4").output, Contains("Llama") && Contains("Qwen") && !Contains("wikitext2"));
  const Finished slip = plan("qwen_meo/c4");
  CHECK(slip.exit_code == 4);
  CHECK_THAT(slip.errors, Contains("no model 'qwen_meo' (did you mean 'qwen_moe'?)"));
  CHECK(plan("c5").exit_code == 4);
}

TEST_CASE("--format writes the files that are named, and a format that is none is refused",
          "[cli]") {
  const OneCell cell;
  CHECK(cell.report({"--output", "some", "--format", "csv,markdown"}).exit_code == 0);
  CHECK(names_in(cell.folder.path() / "some") ==
        std::vector<std::string>{"report.md", "report.sha256", "table.csv"});
  CHECK(cell.report({"--output", "tex", "--format", "latex"}).exit_code == 0);
  CHECK(names_in(cell.folder.path() / "tex") ==
        std::vector<std::string>{"report.sha256", "report.tex", "table.tex"});
  CHECK(cell.report({"--format", "pdf"}).exit_code == 64);
}

TEST_CASE("--summary github prints the answer and the table in Markdown, and nothing else",
          "[cli]") {
  const OneCell cell;
  const Finished summary = cell.report({"--summary", "github"});
  CHECK(summary.exit_code == 0);
  CHECK_THAT(summary.output, Catch::StartsWith("### Table 3, STAND-IN scale smoke") &&
                                 Contains("> **") && Contains("| model | corpus |") &&
                                 !Contains("## Every number"));
}

TEST_CASE("--open hands the page to the user's browser, and says so where there is none", "[cli]") {
  const OneCell cell;
  const fs::path browser = cell.folder.path() / "browser";
  std::ofstream(browser) << "#!/bin/sh\necho \"$1\" > " << (cell.folder.path() / "opened").string()
                         << "\n";
  fs::permissions(browser, fs::perms::owner_all);
  std::vector<std::string> command =
      repro_command(cell.folder.path(), words({"report"}, {"--open", "--format", "csv"}));
  command.insert(command.begin() + 3, "BROWSER=" + browser.string());  // behind env's -C FOLDER
  CHECK(Process(command).wait().exit_code == 0);
  CHECK_THAT(read_file(cell.folder.path() / "opened"), Contains("report.html"));
}

TEST_CASE("--color colours the verdict's words and nothing else; without a terminal there is none",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  // Of a scale whose verdicts mean something.
  CHECK(run_in(folder.path(), words({"run"}, {}, "mini"), worker).exit_code == 0);
  const auto report = [&](const std::vector<std::string>& more) {
    return run_in(folder.path(), words({"report"}, more, "mini"));
  };
  const std::string plain = report({}).output;
  CHECK_THAT(plain, !Contains("\x1b") && Contains("inconclusive"));
  const std::string coloured = report({"--color", "always"}).output;
  CHECK(std::regex_replace(coloured, std::regex("\x1b\\[[0-9]+m"), "") == plain);
  CHECK_THAT(coloured, Contains("\x1b[33minconclusive"));
  CHECK(report({"--color", "never"}).output == plain);
  CHECK(report({"--color", "purple"}).exit_code == 64);
}

TEST_CASE("--quiet leaves standard error to errors, --verbose says what is read and written",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  const Finished quiet = run_in(folder.path(), words({"run"}, {"--quiet"}), worker);
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.errors.empty());
  CHECK_THAT(quiet.output, Contains("Qwen"));
  const Finished verbose = run_in(folder.path(), words({"report"}, {"-v"}));
  CHECK_THAT(verbose.errors,
             Contains("1 cells, 18 jobs") && Contains("wrote ") && Contains("report.html"));
  CHECK(run_in(folder.path(), words({"report"}, {"-q", "-v"})).exit_code == 64);
}

TEST_CASE("the card says what would settle what is open, as commands with what they take",
          "[cli]") {
  const OneCell cell;
  const nlohmann::json report = nlohmann::json::parse(cell.report({"--json"}).output);
  const nlohmann::json& settle = report.at("card").at("settle");
  REQUIRE(!settle.empty());
  const nlohmann::json& last = settle.back();
  CHECK(last.at("command") == "repro run table3 --scale paper --only qwen_moe/c4");
  CHECK_THAT(last.at("takes").get<std::string>(), Contains("a100-80g-hours") && Contains("$"));
}

}  // namespace
}  // namespace repro::cli
