#pragma once
// The run directory: the only channel between processes. Every file name in it is here.
//
// clang-format off
//   job.json           schema, kind, name, key, spec, inputs (role -> sibling directory), resources, execution, origins
//   environment.json   host, CPU, threads, versions, load at the last start
//   records.jsonl      one object a line, see run/records.hpp
//   mlperf.log         a training's run as :::MLLOG lines
//   result.json        a finished job's summary; written before DONE
//   model.safetensors  the weights that a finished job leaves, whatever its kind
//   checkpoints/00001000/{model.safetensors, optimizer.safetensors, state.json, DONE}
//   stdout.log stderr.log
//   DONE | FAILED      written last, atomically; FAILED holds one line: why
// clang-format on

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "run/job.hpp"

namespace repro::run {

enum class State { absent, started, done, failed };

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path job_file() const { return path_ / "job.json"; }
  std::filesystem::path environment_file() const { return path_ / "environment.json"; }
  std::filesystem::path records_file() const { return path_ / "records.jsonl"; }
  std::filesystem::path mlperf_file() const { return path_ / "mlperf.log"; }
  std::filesystem::path result_file() const { return path_ / "result.json"; }
  std::filesystem::path weights_file() const { return path_ / "model.safetensors"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path stdout_file() const { return path_ / "stdout.log"; }
  std::filesystem::path stderr_file() const { return path_ / "stderr.log"; }
  std::filesystem::path done_file() const { return path_ / "DONE"; }
  std::filesystem::path failed_file() const { return path_ / "FAILED"; }

  State state() const;
  std::optional<std::string> failure() const;  // the line in FAILED
  nlohmann::json result() const;               // Error when absent or damaged
  // The weights of a done job; Error when it left none, or is not done.
  std::filesystem::path weights() const;
  // Of its job.json; 0 when there is none that can be read.
  int schema() const;

  // Makes the directory and writes job.json; removes a FAILED mark of an earlier try.
  void create(const Job& job, const JobGraph& graph) const;
  void mark_done() const;
  void mark_failed(const std::string& one_line) const;

 private:
  std::filesystem::path path_;
};

// What a worker reads from job.json.
struct OpenedJob {
  std::string kind, name, key;
  nlohmann::json spec;
  nlohmann::json execution;
  Resources resources;
  std::map<std::string, RunDirectory>
      inputs;  // role -> directory beside this one, which must be done
};
// Error when the file is damaged, of another schema, or its key is not that of its spec and inputs.
OpenedJob open_job(const RunDirectory& directory);

// How many run directories below `runs` are of another schema. They are left alone.
int64_t count_foreign_runs(const std::filesystem::path& runs);

}  // namespace repro::run
