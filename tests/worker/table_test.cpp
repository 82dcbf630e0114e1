// All of table 3 at smoke scale, once: a minute of two cores, more than everything else here.

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "worker/smoke_runs.hpp"

namespace repro {
namespace {

// In ticks of the file clock.
std::map<std::string, int64_t> finish_times(const fs::path& runs) {
  std::map<std::string, int64_t> times;
  for (const fs::path& directory : run_directories(runs))
    times[directory.filename().string()] =
        fs::last_write_time(directory / "DONE").time_since_epoch().count();
  return times;
}

}  // namespace

TEST_CASE(
    "table 3 runs from an empty folder, once; tables 1 and 6 then train nothing "
    "(fetches packages the first time)",
    "[worker]") {
  const TemporaryDirectory folder;
  const fs::path runs = folder.path() / "runs";
  const Finished first = run_repro(run_arguments("table3", runs));
  INFO(first.errors);
  REQUIRE(first.exit_code == 0);
  CHECK(first.output.find("Qwen") != std::string::npos);
  CHECK(first.output.find("Llama") != std::string::npos);
  const auto times = finish_times(runs);
  // Corpora and clusters; full, submodels, merge and what is measured of two models; and of each
  // cell's four fine-tunes the two or three that the search comes by, each with its measurement.
  const auto jobs = [](size_t tunes) { return 3 + 3 + 6 * (1 + 4 + 1 + 2 + 2 * tunes); };
  CHECK(times.size() >= jobs(2));
  CHECK(times.size() <= jobs(3));

  const Finished again = run_repro(run_arguments("table3", runs));
  CHECK(again.exit_code == 0);
  for (const char* table : {"table1", "table6"})
    CHECK(run_repro(run_arguments(table, runs)).exit_code == 0);
  CHECK(finish_times(runs) == times);

  // Other experiments share what is the same, and add what is not.
  for (const char* other : {"table2", "figure7", "ds_moe"}) {
    const Finished ended = run_repro(run_arguments(other, runs));
    INFO(ended.errors);
    CHECK(ended.exit_code == 0);
  }
  const auto ended = finish_times(runs);
  CHECK(ended.size() > times.size());
  // Table 2 asks the models of table 3 in one cell, those of the endings that stand for its cuts.
  const auto named = [&](const std::string& part) {
    return std::count_if(ended.begin(), ended.end(), [&](const auto& run) {
      return run.first.find(part) != std::string::npos;
    });
  };
  CHECK(named("task-") == 6);
  CHECK(named("openwebtext-full-piqa") == 1);
  CHECK(named("-other_word-s0-") >= 2);
}

}  // namespace repro
