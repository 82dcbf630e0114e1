#include "trackers/mlflow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace repro::trackers {
namespace {

constexpr size_t kLongestParam = 6000;  // MLflow refuses longer ones

// Quoted as YAML has it for any text of one line.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("''") : std::string(1, c);
  return word + "'";
}

// A name as MLflow has it, which is a file's: letters, digits and "_-.", so many that an
// atomic write can still put its own behind them.
std::string safe_name(const std::string& name) {
  constexpr size_t kLongest = 200, kHash = 32;
  std::string safe;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    safe += plain || c == '_' || c == '-' || (c == '.' && !safe.empty()) ? c : '_';
  }
  if (safe.size() > kLongest) safe = safe.substr(0, kLongest - kHash) + md5_hex(name);
  return safe.empty() ? "_" : safe;
}

void put(const fs::path& folder, const std::string& name, const std::string& text) {
  make_directories(folder);
  replace_file(folder / safe_name(name), text);
}

// What stands before a '/' is a folder, and a group of plots to MLflow.
void put_metric(fs::path folder, const std::string& name, const std::string& text) {
  std::vector<std::string> parts = split(name, '/');
  for (size_t i = 0; i + 1 < parts.size(); ++i) folder /= safe_name(parts[i]);
  put(folder, parts.back(), text);
}

std::string experiment_id(const std::string& experiment) {
  const uint64_t number = std::strtoull(md5_hex(experiment).substr(0, 15).c_str(), nullptr, 16);
  return fmt::format("{:018}", number % 900'000'000'000'000'000 + 100'000'000'000'000'000);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return fmt::format("{}", value);
}

std::string metric_line(const Point& point) {
  return fmt::format("{} {} {}\n", static_cast<int64_t>(1000 * point.time),
                     number_text(point.value), point.step);
}

void write_metrics(const TrackedRun& run, const fs::path& folder) {
  for (const auto& [name, points] : curves_of(run)) {
    std::string lines;
    for (const Point& point : points) lines += metric_line(point);
    put_metric(folder, name, lines);
  }
  const auto started = static_cast<double>(run.started_seconds);
  for (const auto& [name, value] : run.numbers)
    put_metric(folder, "result/" + safe_name(name), metric_line({0, value, started}));
}

int64_t end_milliseconds(const TrackedRun& run) {
  const double wall = run.records.steps.empty() ? 0 : run.records.steps.back().clocks.wall();
  return 1000 * run.started_seconds + static_cast<int64_t>(1000 * wall);
}

std::string run_meta(const TrackedRun& run, const std::string& id, const std::string& experiment,
                     const fs::path& artifacts) {
  const int status = run.state == "done" ? 3 : run.state == "failed" ? 4 : 1;
  return fmt::format(
      "artifact_uri: {}\nend_time: {}\nentry_point_name: ''\nexperiment_id: {}\n"
      "lifecycle_stage: active\nrun_id: {}\nrun_name: {}\nrun_uuid: {}\nsource_name: ''\n"
      "source_type: 4\nsource_version: ''\nstart_time: {}\nstatus: {}\ntags: []\n"
      "user_id: repro\n",
      quoted("file://" + artifacts.string()),
      status == 1 ? "null" : std::to_string(end_milliseconds(run)), quoted(experiment), quoted(id),
      quoted(run.name), quoted(id), 1000 * run.started_seconds, status);
}

void write_run(const TrackedRun& run, const fs::path& experiment, const std::string& id_of_all) {
  const std::string id = sha256_hex(run.directory + run.key).substr(0, 32);
  const fs::path folder = experiment / id;
  make_directories(folder / "artifacts");
  write_metrics(run, folder / "metrics");
  for (const auto& [path, value] : run.settings)
    put(folder / "params", path, value.substr(0, kLongestParam));
  for (const auto& [path, value] : run.environment)
    put(folder / "tags", "environment." + path, value);
  put(folder / "tags", "mlflow.runName", run.name);
  put(folder / "tags", "repro.directory", run.directory);
  put(folder / "tags", "repro.key", run.key);
  put(folder / "tags", "repro.kind", run.kind);
  put(folder / "tags", "repro.state", run.state);
  if (!run.failure.empty()) put(folder / "tags", "repro.failure", run.failure);
  // Last: a folder without it is no run.
  write_file_atomically(folder / "meta.yaml",
                        run_meta(run, id, id_of_all, fs::absolute(folder / "artifacts")));
}

}  // namespace

void write_mlflow(const std::vector<TrackedRun>& runs, const fs::path& folder,
                  const std::string& experiment) {
  const std::string id = experiment_id(experiment);
  const fs::path place = folder / id;
  make_directories(place);
  int64_t first = 0, last = 0;
  for (const TrackedRun& run : runs) {
    write_run(run, place, id);
    first = first == 0 ? run.started_seconds : std::min(first, run.started_seconds);
    last = std::max(last, run.started_seconds);
  }
  write_file_atomically(place / "meta.yaml",
                        fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: {}\n"
                                    "last_update_time: {}\nlifecycle_stage: active\nname: {}\n",
                                    quoted("file://" + fs::absolute(place).string()), 1000 * first,
                                    quoted(id), 1000 * last, quoted(experiment)));
}

}  // namespace repro::trackers
