#pragma once
// A finished training's directory, of which a test chooses what differs from another's.

#include <nlohmann/json.hpp>
#include <string>

#include "base/file.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::run {

struct FakeRun {
  double lr = 1e-3;
  std::string cpu = "a";
  double third_loss = 4;
  uint64_t third_hash = 3;
  std::string kind = "train";
  double grad_norm = 1;
};

inline RunDirectory write_run(const fs::path& path, const FakeRun& fake) {
  const RunDirectory directory(path);
  make_directories(path);
  const nlohmann::json job = {{"kind", fake.kind},
                              {"key", "k"},
                              {"spec", {{"optimizer", {{"lr", fake.lr}}}, {"steps", 3}}},
                              {"inputs", nlohmann::json::object()},
                              {"origins", {{"steps", "table3.toml:7"}}},
                              {"execution", nlohmann::json::object()}};
  write_file_atomically(directory.job_file(), job.dump());
  write_file_atomically(directory.environment_file(), nlohmann::json({{"cpu", fake.cpu}}).dump());
  LineWriter records(directory.records_file());
  for (int64_t step = 1; step <= 3; ++step) {
    StepRecord record;
    record.step = step;
    record.tokens = 8 * step;
    record.loss = record.lm_loss = step == 3 ? fake.third_loss : 5;
    record.grad_norm = fake.grad_norm;
    record.clocks.train = 0.1 * static_cast<double>(step + path.string().size());
    record.data_hash = step == 3 ? fake.third_hash : static_cast<uint64_t>(step);
    records.write(to_line(record));
  }
  return directory;
}

}  // namespace repro::run
