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
//   SUBMITTED          where and when a queue took the job, and what it calls it (launch/slurm_submissions.hpp)
//   .lock .ended       of a worker at work; how the script around it says that it ended
//   DONE | FAILED      written last, atomically; DONE holds the size and SHA-256 of the files above (run/seal.hpp),
//                      FAILED one line: why
// clang-format on

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "run/job.hpp"

namespace repro::run {

enum class State { absent, started, done, failed };

class RunDirectory {
 public:
  explicit RunDirectory(std::filesystem::path path)
      : path_(path.has_filename() ? std::move(path) : path.parent_path()) {}

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
  std::filesystem::path submitted_file() const { return path_ / "SUBMITTED"; }
  std::filesystem::path lock_file() const { return path_ / ".lock"; }
  std::filesystem::path ended_file() const { return path_ / ".ended"; }
  std::filesystem::path done_file() const { return path_ / "DONE"; }
  std::filesystem::path failed_file() const { return path_ / "FAILED"; }

  State state() const;
  std::optional<std::string> failure() const;  // the line in FAILED
  // These two do not ask whether the bytes are still those that DONE seals: Verifier does, and
  // open_job did for a job's inputs. Error when it is absent or no JSON object.
  nlohmann::json result() const;
  // The weights of a done job; Error when it left none, or is not done.
  std::filesystem::path weights() const;
  // Of its DONE or its job.json; 0 when there is neither that can be read.
  int schema() const;

  // Makes the directory and writes job.json; removes the marks of an earlier try and what a killed
  // one left half written.
  void create(const Job& job, const JobGraph& graph) const;
  // Last of all: seals what the directory holds now.
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
// Error when the file is damaged, of another schema, or its key is not that of its spec and inputs;
// or when a file of an input is not as DONE seals it.
OpenedJob open_job(const RunDirectory& directory);

// How many run directories below `runs` are of another schema. They are left alone.
int64_t count_foreign_runs(const std::filesystem::path& runs);
// How many of these directories below `runs` are done with an empty DONE.
int64_t count_unsealed_runs(const std::filesystem::path& runs,
                            const std::vector<std::string>& directories);

}  // namespace repro::run
