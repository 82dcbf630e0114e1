#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {

using Catch::Contains;
using nlohmann::json;

namespace {

void write_history(const fs::path& path, const std::vector<double>& losses) {
  std::ofstream file(path);
  for (size_t i = 0; i < losses.size(); ++i)
    file << json({{"golden", "g"},
                  {"name", "smoke"},
                  {"manifest", "m"},
                  {"program", std::to_string(i)},
                  {"machine", "a"},
                  {"revision", "rev" + std::to_string(i)},
                  {"at", "2026-01-0" + std::to_string(i + 1)},
                  {"numbers",
                   {{"t: final loss", {{"value", losses[i]}, {"tolerance", 0.01}, {"worse", 1}}}}}})
                .dump()
         << '\n';
}

}  // namespace

TEST_CASE("history names the revisions between which a number got worse, and ends with 1",
          "[cli]") {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "runs/check");
  write_history(folder.path() / "runs/check/history.jsonl", {5, 5, 5, 5.2, 5.2});
  const Finished worse = run_in(folder.path(), {"history"});
  INFO(worse.output << worse.errors);
  CHECK(worse.exit_code == 1);
  CHECK_THAT(worse.output, Contains("between rev2 and rev3") && Contains("worse"));
  write_history(folder.path() / "level.jsonl", {5, 5, 5});
  const Finished level = run_in(folder.path(), {"history", "--file", "level.jsonl", "--json"});
  CHECK(level.exit_code == 0);
  CHECK(json::parse(level.output).at(0).at("standing") == "level");
}

TEST_CASE("a history of nothing is not green", "[cli]") {
  const TemporaryDirectory folder;
  CHECK(run_in(folder.path(), {"history"}).exit_code == 6);
  CHECK(run_in(folder.path(), {"history", "--file", "none.jsonl"}).exit_code == 4);
  std::ofstream(folder.path() / "other.jsonl") << "{}\n";
  const Finished other = run_in(folder.path(), {"history", "--file", "other.jsonl"});
  CHECK(other.exit_code == 6);
  CHECK_THAT(other.errors, Contains("1 lines cannot be read"));
}

}  // namespace repro::cli
