#pragma once
// The gate as a user runs it, with a worker whose losses are formulas: of the seed, of the step, of
// the start beside a seed's own, and of a file that a test changes as a commit would the program.

#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {

inline constexpr const char* kTrain = R"sh(
if [ "$1" = --environment ]; then
  echo '{"cpu": {"model": "'$(cat $world/cpu)'", "cores": 2, "instruction_sets": ["avx2"]}, "kernels": "avx2", "torch": "2", "memory_bytes": 8e9}'
  exit 0
fi
seed=$(expr "$name" : '.*-s\([0-9]*\)-')
jitter=$(grep -c jitter "$dir/job.json")
restart=$(grep -c restart_after "$dir/job.json")
"$0" --environment > "$dir/environment.json"
finish
if [ $kind = train ]; then
  rm "$dir/DONE"
  if [ -e $world/fail ]; then echo 'out of memory' > "$dir/FAILED"; exit 2; fi
  awk -v steps="$steps" -v seed="$seed" -v jitter="$jitter" -v restart="$restart" -v shift="$(cat $world/shift)" -v resume="$(cat $world/resume)" 'BEGIN {
    for (step = 1; step <= steps; ++step) {
      loss = 3 + 3 / sqrt(step) + 0.02 * sin(7 * seed) + 0.1 * sin(13 * seed + 1.7 * step) + shift
      loss += jitter * 0.001 * sin(3 * seed + 5 * step)
      if (restart && step > steps / 2) loss += resume
      printf "{\"event\": \"step\", \"step\": %d, \"tokens\": %d, \"loss\": %.17g, \"lm_loss\": %.17g, \"aux_loss\": 0, \"lr\": 0.001, \"grad_norm\": 1, \"seconds\": {\"train\": %g, \"eval\": 0, \"checkpoint\": 0, \"other\": 0}, \"data_hash\": \"%08d%08d\"}\n", step, 256 * step, loss, loss, step / 100, seed, step } }' > "$dir/records.jsonl"
  : > "$dir/DONE"
fi
)sh";

// A root with the example's experiment, and the worker.
class Gate {
 public:
  Gate() {
    fs::copy(fs::path(kRoot) / "docs/example", root(), fs::copy_options::recursive);
    set("cpu", "A");
    set("shift", "0");
    set("resume", "0");
    worker_ = write_worker(folder_, "world=" + path().string() + kTrain);
  }
  const fs::path& path() const { return folder_.path(); }
  fs::path root() const { return path() / "root"; }
  fs::path golden() const { return root() / "goldens/small.json"; }
  void set(const std::string& file, const std::string& text) const {
    write_file_atomically(path() / file, text);
  }
  // As after a commit: another program, whose runs are its own.
  void change_program(const std::string& shift) const {
    set("shift", shift);
    std::ofstream(worker_, std::ios::app) << "# " << shift << "\n";
  }
  Finished run(std::vector<std::string> words) const {
    words.insert(words.end(), {"--root", root().string()});
    return run_in(path(), words, worker_);
  }
  Finished record(std::vector<std::string> more = {}, const std::string& name = "small") const {
    std::vector<std::string> words = {"golden", "record", "table1", "--scale", "tiny",
                                      "--name", name,     "--why",  "made up"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

 private:
  TemporaryDirectory folder_;
  fs::path worker_;
};

inline const nlohmann::json* row_of(const nlohmann::json& answer, const std::string& quantity) {
  for (const nlohmann::json& row : answer.at("rows"))
    if (row.at("quantity") == quantity) return &row;
  return nullptr;
}

}  // namespace repro::cli
