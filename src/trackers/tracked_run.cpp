#include "trackers/tracked_run.hpp"

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::trackers {
namespace {

using nlohmann::json;

constexpr uintmax_t kMostBytes = 64 << 20;  // of job.json, environment.json

json read_object(const fs::path& path) {
  std::error_code unknown;
  const uintmax_t bytes = fs::file_size(path, unknown);
  if (!unknown && bytes > kMostBytes)
    throw Error("{}: is larger than {}; it is no such file of a run", path.string(),
                human_bytes(static_cast<double>(kMostBytes)));
  json object = parse_json(read_file(path));
  if (!object.is_object())
    throw Error("{}: is no JSON object; delete the run's folder and run again", path.string());
  return object;
}

std::string text_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? printable_line(at->get<std::string>()) : "";
}

// Every value that is no object, by its path.
template <class Take>
void for_each_leaf(const json& value, const std::string& path, const Take& take) {
  if (value.is_object())
    for (const auto& [key, inner] : value.items())
      for_each_leaf(inner, path.empty() ? key : path + "." + key, take);
  else
    take(printable_line(path), value);
}

void read_environment(TrackedRun& tracked, const json& environment) {
  for_each_leaf(environment, "", [&](const std::string& path, const json& value) {
    tracked.environment[path] =
        value.is_string() ? printable_line(value.get<std::string>()) : value.dump();
  });
  tracked.started = text_at(environment, "started");
  std::tm parts = {};
  const char* end = ::strptime(tracked.started.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end != nullptr && *end == '\0') tracked.started_seconds = ::timegm(&parts);
}

void read_job(TrackedRun& tracked, const json& job) {
  tracked.name = text_at(job, "name");
  tracked.kind = text_at(job, "kind");
  tracked.key = text_at(job, "key");
  for (const char* part : {"spec", "execution"})
    for_each_leaf(
        job.value(part, json::object()), part,
        [&](const std::string& path, const json& value) { tracked.settings[path] = value.dump(); });
  const json inputs = job.value("inputs", json::object());
  for (const auto& [role, input] : inputs.items())
    if (input.is_string()) tracked.inputs[role] = printable_line(input.get<std::string>());
}

const char* name_of(run::State state) {
  if (state == run::State::done) return "done";
  return state == run::State::failed ? "failed" : "unfinished";
}

}  // namespace

TrackedRun track(const run::RunDirectory& directory, run::Verifier& verifier) {
  TrackedRun tracked;
  tracked.directory = directory.path().filename().string();
  const run::State state = directory.state();
  tracked.state = name_of(state);
  const bool done = state == run::State::done;
  if (done) verifier.require(directory, directory.job_file().filename());
  read_job(tracked, read_object(directory.job_file()));
  if (fs::exists(directory.environment_file())) {
    if (done) verifier.require(directory, directory.environment_file().filename());
    read_environment(tracked, read_object(directory.environment_file()));
  }
  if (state == run::State::failed)
    tracked.failure = printable_line(directory.failure().value_or(""));
  if (done)
    for_each_leaf(verifier.result(directory), "", [&](const std::string& path, const json& value) {
      if (value.is_number())
        tracked.numbers[path] = value.get<double>();
      else
        tracked.texts[path] = value.dump();
    });
  if (fs::exists(directory.records_file())) tracked.records = verifier.records(directory);
  return tracked;
}

std::map<std::string, std::vector<Point>> curves_of(const TrackedRun& run) {
  std::map<std::string, std::vector<Point>> curves;
  std::map<int64_t, double> times;
  const auto since = static_cast<double>(run.started_seconds);
  for (const run::StepRecord& step : run.records.steps) {
    const double time = since + step.clocks.wall();
    times[step.step] = time;
    curves["train/loss"].push_back({step.step, step.loss, time});
    curves["train/lm_loss"].push_back({step.step, step.lm_loss, time});
    curves["train/aux_loss"].push_back({step.step, step.aux_loss, time});
    curves["train/lr"].push_back({step.step, step.lr, time});
    curves["train/grad_norm"].push_back({step.step, step.grad_norm, time});
    curves["train/tokens"].push_back({step.step, static_cast<double>(step.tokens), time});
    curves["train/seconds"].push_back({step.step, step.clocks.train, time});
  }
  for (const run::EvalRecord& eval : run.records.evals) {
    const auto at = times.find(eval.step);
    const double time = at == times.end() ? since : at->second;
    const std::string before = "eval/" + printable_line(eval.split) + "/";
    curves[before + "loss"].push_back({eval.step, eval.loss, time});
    curves[before + "bits_per_byte"].push_back({eval.step, eval.bits_per_byte, time});
  }
  return curves;
}

}  // namespace repro::trackers
