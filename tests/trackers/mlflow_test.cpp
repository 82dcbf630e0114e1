#include "trackers/mlflow.hpp"

#include <catch2/catch.hpp>

#include "trackers/tracked_fake.hpp"

namespace repro::trackers {
namespace {

using Catch::Contains;

// The only folder in a folder.
fs::path only_folder(const fs::path& path) {
  fs::path only;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.is_directory()) {
      CHECK(only.empty());
      only = entry.path();
    }
  return only;
}

}  // namespace

TEST_CASE("a store has an experiment, runs, curves with all digits, settings and tags",
          "[trackers]") {
  const FakeStore store;
  write_mlflow({store.track("train-a")}, store.path() / "mlruns", "it's");
  const fs::path experiment = only_folder(store.path() / "mlruns");
  CHECK(experiment.filename().string().size() == 18);
  CHECK_THAT(read_file(experiment / "meta.yaml"), Contains("name: 'it''s'\n"));
  const fs::path run = only_folder(experiment);
  CHECK_THAT(read_file(run / "meta.yaml"),
             Contains("status: 3\n") && Contains("start_time: 1769860800000\n") &&
                 Contains("run_id: '" + run.filename().string() + "'"));
  CHECK_THAT(read_file(run / "metrics/train/loss"),
             Contains("1769860800300 4.100000000000001 3\n"));
  CHECK(read_file(run / "metrics/result/measures.unseen.loss") == "1769860800000 4.25 0\n");
  CHECK(read_file(run / "params/spec.optimizer.lr") == "0.001");
  CHECK(read_file(run / "tags/environment.cpu.model") == "A");
}

TEST_CASE("names that lead out of a folder or are too long for a file do neither", "[trackers]") {
  const FakeStore store;
  TrackedRun run = store.track("train-a");
  run.settings["../../up"] = "1";
  run.settings[std::string(400, 'x')] = "2";
  run.settings["/etc/x"] = "3";
  write_mlflow({run}, store.path() / "mlruns", "e");
  const fs::path params = only_folder(only_folder(store.path() / "mlruns")) / "params";
  CHECK(read_file(params / "_._.._up") == "1");
  CHECK(read_file(params / "_etc_x") == "3");
  size_t long_names = 0;
  for (const auto& entry : fs::directory_iterator(params))
    long_names += entry.path().filename().string().size() == 200;
  CHECK(long_names == 1);
}

}  // namespace repro::trackers
