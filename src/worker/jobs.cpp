#include "worker/jobs.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/job_spec.hpp"
#include "data/prepare.hpp"
#include "methods/disco.hpp"
#include "train/merge_job.hpp"
#include "train/probe.hpp"
#include "train/trainer.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

// Writes progress lines to the records, at most a few a second, and stops the job when the user
// asked.
class ProgressWriter {
 public:
  ProgressWriter(const run::RunDirectory& directory, const std::atomic<bool>& interrupted)
      : writer_(directory.records_file()), interrupted_(interrupted) {}

  void operator()(std::string_view phase, double done, double total, std::string_view unit) {
    if (interrupted_)
      throw Error(Exit::interrupted, "interrupted while at '{}'; run again to continue", phase);
    const auto now = std::chrono::steady_clock::now();
    if (phase == last_phase_ && now - last_ < std::chrono::milliseconds(300)) return;
    last_ = now;
    last_phase_ = phase;
    writer_.write(json({{"event", "progress"},
                        {"phase", phase},
                        {"done", done},
                        {"total", total},
                        {"unit", unit}})
                      .dump());
  }

 private:
  LineWriter writer_;
  const std::atomic<bool>& interrupted_;
  std::chrono::steady_clock::time_point last_;
  std::string last_phase_;
};

const run::RunDirectory& input(const run::OpenedJob& job, const std::string& role) {
  const auto at = job.inputs.find(role);
  if (at == job.inputs.end())
    throw Error("{}: the job names no input '{}'; start it through `repro run`", job.name, role);
  return at->second;
}

template <typename Spec>
Spec spec_of(const run::OpenedJob& job) {
  return config::from_json<Spec>(job.spec, job.name + "/job.json");
}

}  // namespace

json run_job(const run::OpenedJob& job, const run::RunDirectory& directory,
             const std::atomic<bool>& interrupted) {
  if (job.kind == "train") return train::train(job, directory, interrupted);

  ProgressWriter progress(directory, interrupted);
  if (job.kind == "prepare")
    return data::prepare(spec_of<config::PrepareSpec>(job), directory.path(), std::ref(progress));
  if (job.kind == "cluster")
    return methods::run_cluster(spec_of<config::ClusterSpec>(job), input(job, "corpus").path(),
                                directory.path(), std::ref(progress));
  if (job.kind == "probe") return train::run_probe(job, std::ref(progress));
  if (job.kind == "merge") return train::run_merge(job, directory, std::ref(progress));
  if (job.kind == "probe") return train::run_probe(job, std::ref(progress));
  throw Error("{}: unknown kind of job '{}'; this worker is of another version than `repro`",
              job.name, job.kind);
}

}  // namespace repro::worker
