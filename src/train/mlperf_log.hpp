#pragma once
// A run as :::MLLOG lines, which MLPerf's tools read: one JSON object a line after the token. Keys
// of our own begin with "repro_".

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <source_location>
#include <string_view>

#include "base/file.hpp"
#include "config/job_spec.hpp"

namespace repro::train {

class MlperfLog {
 public:
  // Appends; cuts the file to `keep_bytes` first, so that a resumed run repeats no line.
  MlperfLog(const std::filesystem::path& path, int64_t keep_bytes);

  // `metadata` is an object; file and line of the caller are added to it.
  using Where = std::source_location;
  void point(std::string_view key, const nlohmann::json& value, const nlohmann::json& metadata,
             Where where = Where::current());
  void start(std::string_view key, const nlohmann::json& metadata, Where where = Where::current());
  void stop(std::string_view key, const nlohmann::json& metadata, Where where = Where::current());

  int64_t bytes() const;

 private:
  void write(std::string_view type, std::string_view key, const nlohmann::json& value,
             const nlohmann::json& metadata, const Where& where);

  std::filesystem::path path_;
  LineWriter lines_;
};

// The keys that the rules ask of every training, known before its first step. Samples are
// sequences.
void log_configuration(MlperfLog& log, const config::TrainSpec& spec, std::string_view name,
                       int64_t steps, int64_t train_samples, int64_t eval_samples);

// All that stands before the first step.
void log_start(MlperfLog& log, const config::TrainSpec& spec, std::string_view name, int64_t steps,
               int64_t train_samples);
// And behind the last.
void log_end(MlperfLog& log, int64_t steps, int64_t samples, uint64_t data_order);

}  // namespace repro::train
