#pragma once
// A folder with one finished training of three steps.

#include <nlohmann/json.hpp>
#include <string>

#include "base/file.hpp"
#include "run/fake_run.hpp"
#include "temporary_directory.hpp"
#include "trackers/tracked_run.hpp"

namespace repro::trackers {

constexpr double kThirdLoss = 4.100000000000001;  // a 32-bit float is 4.1 alone

class FakeStore {
 public:
  FakeStore() {
    const auto directory = run::write_run(path() / "train-a", {.third_loss = kThirdLoss});
    write_file_atomically(directory.environment_file(),
                          R"({"cpu": {"model": "A"}, "started": "2026-01-31T12:00:00Z"})");
    run::EvalRecord eval{.step = 3, .split = "valid", .loss = 4.5, .tokens = 9, .bits_per_byte = 2};
    LineWriter(directory.records_file()).write(run::to_line(eval));
    write_clocks(directory);
    write_file_atomically(
        directory.result_file(),
        R"({"steps": 3, "fingerprint": "f", "measures": {"unseen": {"loss": 4.25}}})");
    directory.mark_done();
  }
  const fs::path& path() const { return folder_.path(); }
  run::RunDirectory run(const std::string& name) const { return run::RunDirectory(path() / name); }
  TrackedRun track(const std::string& name) const {
    run::Verifier verifier(path());
    return trackers::track(run(name), verifier);
  }

 private:
  // 0.1 s a step, wherever the test runs.
  static void write_clocks(const run::RunDirectory& directory) {
    run::Records records = run::read_records(directory.records_file());
    fs::remove(directory.records_file());
    LineWriter lines(directory.records_file());
    for (run::StepRecord& step : records.steps) {
      step.clocks.train = 0.1 * static_cast<double>(step.step);
      lines.write(run::to_line(step));
    }
    for (const run::EvalRecord& eval : records.evals) lines.write(run::to_line(eval));
  }

  TemporaryDirectory folder_;
};

}  // namespace repro::trackers
