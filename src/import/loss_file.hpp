#pragma once
// Losses as other projects' own gates keep them: Megatron-LM's golden_values_*.json and
// torchtitan's loss files. Every digit that they have is kept, and how many they were rounded to.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace repro::imports {

struct MetricValues {
  std::vector<int64_t> steps;  // increasing
  std::vector<double> values;  // NaN where the file says "nan"
  int decimals = -1;           // the values were rounded to so many; -1 = all digits
};

struct LossFile {
  std::string format;                           // "megatron-golden", "torchtitan-losses"
  std::map<std::string, MetricValues> metrics;  // by the file's own names: "lm loss", "loss"
  std::map<std::string, std::string> settings;  // what its head says: "parallelism" -> "fsdp=8"
};

// No value for a file that is neither. Error of exit bad_log, with its place, for one of them that
// is damaged.
//
// Megatron-LM: {"lm loss": {"start_step", "end_step", "step_interval", "value_precision": "full",
// "values": {"1": 10.98, "2": "nan"}}, ...}; without value_precision its values are rounded to 5
// decimals. torchtitan: lines "step loss" or "step loss grad_norm", the newer ones below a head of
// "# key: value" lines and the columns' names.
std::optional<LossFile> read_loss_file(const std::filesystem::path& path);

}  // namespace repro::imports
