#pragma once
// The real `repro`, run as a user runs it, in a directory of its own and with a worker of the
// test's choice.

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "process.hpp"
#include "temporary_directory.hpp"

namespace repro::cli {

inline const std::string kRoot = fs::path(REPRO_TESTS).parent_path().string();

// `repro args...` in `folder`, whose cache and user library it has to itself.
inline std::vector<std::string> repro_command(const fs::path& folder,
                                              const std::vector<std::string>& args,
                                              const fs::path& worker = {}) {
  std::vector<std::string> command = {"/usr/bin/env", "-C", folder.string(),
                                      "XDG_CACHE_HOME=" + (folder / "cache").string(),
                                      "XDG_DATA_HOME=" + (folder / "data").string()};
  if (!worker.empty()) command.push_back("REPRO_WORKER=" + worker.string());
  command.push_back(built("repro"));
  command.insert(command.end(), args.begin(), args.end());
  return command;
}

inline Finished run_in(const fs::path& folder, const std::vector<std::string>& args,
                       const fs::path& worker = {}) {
  return Process(repro_command(folder, args, worker)).wait();
}

// A shell script as the worker. $1 is the run directory, $kind and $name are the job's; `finish`
// writes the result of its kind and the DONE mark.
inline fs::path write_worker(const TemporaryDirectory& folder, const std::string& body) {
  const fs::path path = folder.path() / "worker";
  std::ofstream(path) << R"sh(#!/bin/sh
dir=$1
name=$(basename "$dir")
kind=${name%%-*}
task=$(sed -n '/"tasks": \[/,/\]/s/^ *"\([a-z_]*\)"$/\1/p' "$dir/job.json")
steps=$(sed -n 's/^ *"steps": \([0-9]*\),*$/\1/p' "$dir/job.json")
clusters=$(awk '/"k":/ { n = $2 + 0 } END { for (i = 0; i < n; ++i) printf "%s9", i ? "," : "" }' "$dir/job.json")
finish() {
  case $kind in
    prepare) result='{"fingerprint": "f", "packages": [], "seconds": {"encode": 0.1}, "splits": {"train": {"tokens": 40960}}, "overlap_13gram": {"valid": {"words": 1000, "seen": 4, "share": 0.004}}, "dropped": {}}' ;;
    task) result='{"task": "t", "split": "test", "shots": 0, "items": 4, "parts": {"": 4}}' ;;
    cluster) result='{"documents": ['$clusters'], "tokens": ['$clusters'], "variance_explained": 0.5, "seconds": {"kmeans": 0.1}}' ;;
    merge) result='{"gamma": [0.25,0.25,0.25,0.25], "backbone_cosine": [[1]], "seconds": {"merge": 0.1}}' ;;
    grow) result='{"experts": [2, 4], "loss_before": 4.6, "seconds": {"grow": 0.1}}' ;;
    train) result='{"steps": '$steps', "tokens": '$((512 * steps))', "clocks": {"train": 0.2, "eval": 0, "checkpoint": 0, "other": 0, "wall": 0.2}, "tokens_per_second": 5120, "parameters": 7, "peak_memory_bytes": 8, "corpus_fingerprint": "f", "data_hash": "0"}' ;;
    eval) result='{"measures": {"unseen": {"split": "valid", "window": 64, "stride": 64, "windows": 16, "loss": 4.6, "tokens": 9, "bits_per_byte": 2}}, "seconds": {"load": 0.1, "eval": 0.1}}' ;;
  esac
  if [ -n "$task" ]; then
    result='{"measures": {}, "tasks": {"'$task'": {"truncated": 0, "beyond_training": 0}}, "seconds": {"load": 0.1, "eval": 0.1}}'
    awk 'BEGIN { for (item = 0; item < 40; ++item) printf "{\"id\": %d, \"part\": \"\", \"gold\": %d, \"log_likelihoods\": [-1, -2], \"characters\": [3, 3], \"bytes\": [3, 3]}\n", item, item % 2 }' > "$dir/answers-$task.jsonl"
  fi
  awk -v steps="${steps:-0}" 'BEGIN { for (step = 1; step <= steps; ++step) printf "{\"event\": \"step\", \"step\": %d, \"tokens\": %d, \"loss\": 4.5, \"lm_loss\": 4.5, \"aux_loss\": 0, \"lr\": 0.001, \"grad_norm\": 1, \"seconds\": {\"train\": %g, \"eval\": 0, \"checkpoint\": 0, \"other\": 0}, \"data_hash\": \"%016d\"}\n", step, 512 * step, step / 100, step }' > "$dir/records.jsonl"
  echo "$result" > "$dir/result.json"
  touch "$dir/DONE"
}
)sh" << body << "\n";
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

inline bool appears(const fs::path& path) {
  for (int i = 0; i < 6000 && !fs::exists(path); ++i) ::usleep(10'000);
  return fs::exists(path);
}

}  // namespace repro::cli
