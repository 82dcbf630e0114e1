#include <catch2/catch.hpp>
#include <fstream>

#include "base/file.hpp"
#include "cli/progress.hpp"
#include "run/run_directory.hpp"
#include "temporary_directory.hpp"

namespace repro::cli {
namespace {

// One job that answers items, at work.
struct Answering {
  Answering() {
    run::Job job;
    job.kind = "eval";
    job.name = "eval-x";
    job.spec = {{"tasks", {"t"}}};
    graph.add(job);
    make_directories(folder.path() / graph[0].directory);
  }
  void says(int done) const {
    std::ofstream(run::RunDirectory(folder.path() / graph[0].directory).records_file(),
                  std::ios::app)
        << R"({"event": "progress", "phase": "t", "done": )" << done
        << R"(, "total": 100, "unit": "items"})"
        << "\n";
  }

  TemporaryDirectory folder;
  run::JobGraph graph;
};

}  // namespace

TEST_CASE("a job that counts items tells how long it takes by its own speed since it was seen",
          "[cli]") {
  Answering answering;
  ProgressTracker tracker(answering.graph, answering.folder.path(), {5.0}, {.slots = 1});
  tracker.started(0);
  // An earlier try had done forty: its speed is not this one's.
  answering.says(40);
  REQUIRE(tracker.jobs(8).size() == 1);
  CHECK(tracker.jobs(8)[0].done == 40);
  CHECK_FALSE(tracker.jobs(8)[0].seconds_left);
  answering.says(70);
  const auto left = tracker.jobs(8)[0].seconds_left;
  REQUIRE(left);
  CHECK(*left >= 0);
  CHECK(*left < 5);  // as long again as since the first look, for as many items
  answering.says(100);
  CHECK(tracker.jobs(8)[0].seconds_left == 0);
}

}  // namespace repro::cli
