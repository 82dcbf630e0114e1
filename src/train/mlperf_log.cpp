#include "train/mlperf_log.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "train/schedule.hpp"

namespace repro::train {
namespace {

using nlohmann::json;

const fs::path& cut(const fs::path& path, int64_t keep_bytes) {
  const auto keep = static_cast<uintmax_t>(keep_bytes);
  if (fs::exists(path) && fs::file_size(path) > keep) fs::resize_file(path, keep);
  return path;
}

int64_t milliseconds_now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

MlperfLog::MlperfLog(const fs::path& path, int64_t keep_bytes)
    : path_(path), lines_(cut(path, keep_bytes)) {}

void MlperfLog::point(std::string_view key, const json& value, const json& metadata, Where where) {
  write("POINT_IN_TIME", key, value, metadata, where);
}

void MlperfLog::start(std::string_view key, const json& metadata, Where where) {
  write("INTERVAL_START", key, nullptr, metadata, where);
}

void MlperfLog::stop(std::string_view key, const json& metadata, Where where) {
  write("INTERVAL_END", key, nullptr, metadata, where);
}

int64_t MlperfLog::bytes() const { return static_cast<int64_t>(fs::file_size(path_)); }

void MlperfLog::write(std::string_view type, std::string_view key, const json& value,
                      const json& metadata, const Where& where) {
  nlohmann::ordered_json line;  // the format fixes the order of keys
  line["namespace"] = key.starts_with("repro_") ? "repro" : "";
  line["time_ms"] = milliseconds_now();
  line["event_type"] = type;
  line["key"] = key;
  line["value"] = value;
  line["metadata"] = metadata;
  line["metadata"]["file"] = fs::path(where.file_name()).filename().string();
  line["metadata"]["lineno"] = where.line();
  lines_.write(":::MLLOG " + line.dump());
}

void log_configuration(MlperfLog& log, const config::TrainSpec& spec, std::string_view name,
                       int64_t steps, int64_t train_samples, int64_t eval_samples) {
  const auto set = [&](std::string_view key, const json& value,
                       MlperfLog::Where where = MlperfLog::Where::current()) {
    log.point(key, value, json::object(), where);
  };
  const config::OptimizerSpec& optimizer = spec.optimizer;
  const int64_t warmup = warmup_updates(optimizer, steps);
  const double end_ratio = optimizer.schedule == "constant" ? 1 : optimizer.end_ratio;
  set("cache_clear", true);
  set("submission_org", "repro");
  set("submission_platform", spec.device);
  set("submission_division", "open");
  set("submission_benchmark", name);
  set("submission_status", "research");
  set("seed", spec.seed);
  set("repro_order_seed", spec.order_seed);
  set("train_samples", train_samples);
  set("eval_samples", eval_samples);
  set("global_batch_size", spec.batch);
  set("micro_batch_size", spec.batch / spec.accumulate);
  set("gradient_accumulation_steps", spec.accumulate);
  set("max_sequence_length", spec.sequence);
  set("max_steps", steps);
  set("opt_name", "adamw");
  set("opt_base_learning_rate", optimizer.lr);
  set("opt_end_learning_rate", optimizer.lr * end_ratio);
  set("opt_learning_rate_warmup_steps", warmup);
  set("opt_learning_rate_decay_steps", steps - warmup);
  set("opt_learning_rate_decay_schedule", optimizer.schedule);
  set("opt_adamw_beta_1", optimizer.beta1);
  set("opt_adamw_beta_2", optimizer.beta2);
  set("opt_adamw_epsilon", optimizer.epsilon);
  set("opt_adamw_weight_decay", optimizer.weight_decay);
  set("opt_gradient_clip_norm", optimizer.clip);
  const char* precision = spec.precision == "fp32" ? "fp32" : "bfloat16";
  for (const char* part : {"linear", "attn", "comm"})
    set(fmt::format("lowest_numerical_precision_in_{}", part), precision);
  for (const char* kind : {"tensor", "pipeline", "context", "expert"})
    set(fmt::format("{}_parallelism", kind), 1);
  set("config_filename", "job.json");
}

void log_start(MlperfLog& log, const config::TrainSpec& spec, std::string_view name, int64_t steps,
               int64_t train_samples) {
  log.start("init_start", json::object());
  log_configuration(log, spec, name, steps, train_samples,
                    spec.watch.every > 0 ? spec.watch.windows : 0);
  log.stop("init_stop", json::object());
  log.start("run_start", json::object());
  log.start("block_start", {{"first_epoch_num", 0}, {"samples_count", 0}, {"step_num", 0}});
}

void log_end(MlperfLog& log, int64_t steps, int64_t samples, uint64_t data_order) {
  log.stop("block_stop", {{"first_epoch_num", 0}, {"samples_count", samples}, {"step_num", steps}});
  log.point("repro_data_order_hash", fmt::format("{:016x}", data_order), json::object());
  log.stop("run_stop", {{"status", "success"}, {"step_num", steps}});
}

}  // namespace repro::train
