#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "base/file.hpp"
#include "cli/progress.hpp"
#include "run/records.hpp"
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

// Trainings of 100 steps that read nothing.
run::JobGraph trainings(int number) {
  run::JobGraph graph;
  for (int i = 0; i < number; ++i) {
    run::Job job;
    job.kind = "train";
    job.name = "train-" + std::to_string(i);
    job.spec = {{"steps", 100}, {"seed", i}};
    graph.add(std::move(job));
  }
  return graph;
}

void record_step(const run::RunDirectory& directory, int64_t step, double loss) {
  make_directories(directory.path());
  run::StepRecord record;
  record.step = step;
  record.tokens = 10 * step;
  record.lm_loss = record.loss = loss;
  record.clocks.train = 0.5 * static_cast<double>(step);
  LineWriter(directory.records_file()).write(run::to_line(record));
}

launch::Outcome done_in(double seconds) {
  launch::Outcome outcome;
  outcome.state = launch::JobState::done;
  outcome.tries = 1;
  outcome.seconds = seconds;
  return outcome;
}

TEST_CASE("the share that is done never falls, whatever becomes of the forecast", "[cli]") {
  TemporaryDirectory folder;
  const run::JobGraph graph = trainings(4);
  ProgressTracker tracker(graph, folder.path(), {10, 10, 10, 10}, {.slots = 2});
  tracker.wanted({true, true, false, false});
  tracker.started(0);
  tracker.finished(0, done_in(10));
  const double half = tracker.total().fraction;
  CHECK(half == Approx(0.5));
  // The search wants more, and a job takes ten times as long as it was thought to.
  tracker.wanted({true, true, true, true});
  CHECK(tracker.total().fraction == half);
  CHECK(tracker.total().jobs == 4);
  tracker.started(1);
  tracker.finished(1, done_in(100));
  CHECK(tracker.total().fraction >= half);
  for (const size_t job : {size_t{2}, size_t{3}}) {
    tracker.started(job);
    tracker.finished(job, done_in(10));
  }
  CHECK(tracker.total().fraction == 1);
}

TEST_CASE("a training that has made its steps is saving, and one that evaluates says so", "[cli]") {
  TemporaryDirectory folder;
  const run::JobGraph graph = trainings(1);
  const run::RunDirectory directory(folder.path() / graph[0].directory);
  ProgressTracker tracker(graph, folder.path(), {10}, {.slots = 1});
  tracker.started(0);
  CHECK(tracker.jobs(8).at(0).phase.empty());
  record_step(directory, 50, 4);
  CHECK(tracker.jobs(8).at(0).phase == "train");
  CHECK(*tracker.jobs(8).at(0).seconds_left == Approx(25));
  LineWriter(directory.mlperf_file()).write(":::MLLOG {\"key\":\"eval_start\",\"value\":null}");
  CHECK(tracker.jobs(8).at(0).phase == "evaluating");
  LineWriter(directory.mlperf_file()).write(":::MLLOG {\"key\":\"eval_stop\",\"value\":null}");
  CHECK(tracker.jobs(8).at(0).phase == "train");
  record_step(directory, 100, 3);
  CHECK(tracker.jobs(8).at(0).phase == "saving");
}

TEST_CASE("the losses that were seen are kept in order, the whole way in few values", "[cli]") {
  TemporaryDirectory folder;
  const run::JobGraph graph = trainings(1);
  const run::RunDirectory directory(folder.path() / graph[0].directory);
  ProgressTracker tracker(graph, folder.path(), {10}, {.slots = 1});
  tracker.started(0);
  for (int step = 1; step <= 99; ++step) {
    record_step(directory, step, 10.0 - 0.01 * step);
    tracker.jobs(8);
    tracker.jobs(8);  // a step is one value, however often it is looked at
  }
  const std::vector<double> losses = tracker.jobs(8).at(0).losses;
  CHECK(losses.size() == 99);
  CHECK(std::is_sorted(losses.rbegin(), losses.rend()));
}

}  // namespace
}  // namespace repro::cli
