#include "trackers/tracked_run.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "trackers/tracked_fake.hpp"

namespace repro::trackers {

using Catch::Contains;

TEST_CASE("a run's settings, machine, result and curves are found by their paths", "[trackers]") {
  const FakeStore store;
  const TrackedRun run = store.track("train-a");
  CHECK(run.kind == "train");
  CHECK(run.state == "done");
  CHECK(run.settings.at("spec.optimizer.lr") == "0.001");
  CHECK(run.environment.at("cpu.model") == "A");
  CHECK(run.started_seconds == 1769860800);
  CHECK(run.numbers.at("measures.unseen.loss") == 4.25);
  CHECK(run.texts.at("fingerprint") == "\"f\"");
  const auto curves = curves_of(run);
  REQUIRE(curves.at("train/loss").size() == 3);
  CHECK(curves.at("train/loss").back().value == kThirdLoss);
  CHECK(curves.at("train/loss").back().time == Approx(1769860800 + 0.3));
  CHECK(curves.at("eval/valid/loss").front().value == 4.5);
}

TEST_CASE("an unfinished run is shown as far as it goes, one that was changed is refused",
          "[trackers]") {
  const FakeStore store;
  fs::remove(store.path() / "train-a/DONE");
  CHECK(store.track("train-a").state == "unfinished");
  CHECK(store.track("train-a").numbers.empty());
  store.run("train-a").mark_done();
  std::ofstream(store.path() / "train-a/records.jsonl", std::ios::app) << "\n";
  CHECK_THROWS_WITH(store.track("train-a"), Contains("records.jsonl"));
  std::ofstream(store.path() / "train-a/job.json") << "[]";
  fs::remove(store.path() / "train-a/DONE");
  CHECK_THROWS_WITH(store.track("train-a"), Contains("no JSON object"));
}

}  // namespace repro::trackers
