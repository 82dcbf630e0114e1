#include "worker/jobs.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

constexpr double kEverySeconds = 0.3;

// Writes progress lines to the records, at most a few a second, and stops the job when the user
// asked.
class ProgressWriter {
 public:
  ProgressWriter(const run::RunDirectory& directory, const std::atomic<bool>& interrupted)
      : file_(directory.records_file()), interrupted_(interrupted) {}

  void operator()(std::string_view phase, double done, double total, std::string_view unit) {
    if (interrupted_)
      throw Error(Exit::interrupted, "interrupted while at '{}'; run again to continue", phase);
    if (phase == last_phase_ && since_last_.seconds() < kEverySeconds) return;
    since_last_ = {};
    last_phase_ = phase;
    if (!writer_) writer_.emplace(file_);  // a training keeps records of its own there
    writer_->write(json({{"event", "progress"},
                         {"phase", phase},
                         {"done", done},
                         {"total", total},
                         {"unit", unit}})
                       .dump());
  }

 private:
  fs::path file_;
  std::optional<LineWriter> writer_;
  const std::atomic<bool>& interrupted_;
  Stopwatch since_last_;
  std::string last_phase_;
};

using Body = json (*)(const JobContext&);
const std::map<std::string, Body> kBodies = {
    {"prepare", prepare}, {"cluster", cluster}, {"train", train}, {"merge", merge},
    {"grow", grow},       {"eval", evaluate},   {"probe", probe}, {"task", task}};

}  // namespace

json run_job(const run::OpenedJob& job, const run::RunDirectory& directory,
             const std::atomic<bool>& interrupted) {
  const auto body = kBodies.find(job.kind);
  if (body == kBodies.end())
    throw Error("{}: unknown kind of job '{}'; this worker is of another version than `repro`",
                job.name, job.kind);
  ProgressWriter progress(directory, interrupted);
  return body->second({job, directory, interrupted, std::ref(progress)});
}

}  // namespace repro::worker
