#pragma once
// A runs/ folder with a small prepared corpus, and train jobs in it. The text has structure (each
// token mostly follows from the one before), so a model learns something in a few steps.

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/random.hpp"
#include "config/job_spec.hpp"
#include "data/even_pieces.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"
#include "temporary_directory.hpp"
#include "train/trainer.hpp"

namespace repro::train {

inline config::ModelConfig tiny_model() {
  config::ModelConfig model;
  model.vocabulary = 64;
  model.width = 32;
  model.layers = 2;
  model.heads = model.kv_heads = 2;
  model.head_width = 16;
  model.experts = 4;
  model.top_k = 4;
  model.expert_width = 16;
  model.shared_width = 32;
  return model;
}

inline config::TrainSpec tiny_spec() {
  config::TrainSpec spec;
  spec.model = tiny_model();
  spec.steps = 20;
  spec.batch = 4;
  spec.sequence = 16;
  spec.precision = "fp32";
  spec.optimizer.lr = 3e-3;
  spec.watch.every = 8;
  spec.watch.windows = 6;
  return spec;
}

inline void write_split(const fs::path& path, uint64_t seed, int64_t documents) {
  data::TokenShardsWriter writer(path, even_pieces(64, 2), std::string(64, 'a'));
  for (int64_t document = 0; document < documents; ++document) {
    std::vector<int32_t> tokens;
    for (uint64_t i = 0; i < 40; ++i) {
      const uint64_t bits = random_bits(seed, static_cast<uint64_t>(document), i);
      const bool follows = i > 0 && bits % 4 != 0;
      tokens.push_back(follows ? (tokens.back() * 5 + 3) % 63 : static_cast<int32_t>(bits % 63));
    }
    tokens.push_back(63);
    writer.add_document(tokens, 2 * static_cast<int64_t>(tokens.size()));
  }
  writer.finish();
}

class Runs {
 public:
  Runs() {
    const run::RunDirectory corpus = make("prepare", "corpus", nlohmann::json::object(), {}, {});
    write_split(corpus.path() / "train.tokens", 1, 120);
    write_split(corpus.path() / "valid.tokens", 2, 12);
    write_split(corpus.path() / "test.tokens", 3, 9);
    finish(corpus, {{"fingerprint", "f00d"}});
  }

  run::RunDirectory make(const std::string& kind, const std::string& name,
                         const nlohmann::json& spec,
                         const std::map<std::string, std::string>& inputs,
                         const nlohmann::json& execution) const {
    const run::RunDirectory directory(folder_.path() / name);
    make_directories(directory.path());
    std::map<std::string, std::string> keys;
    for (const auto& [role, input] : inputs) keys[role] = key_of(input);
    const nlohmann::json file = {
        {"schema", run::kSchema},
        {"kind", kind},
        {"name", name},
        {"key", run::job_key(kind, spec, keys)},
        {"spec", spec},
        {"inputs", inputs},
        {"resources",
         {{"profile", ""},
          {"ranks", spec.value("ranks", int64_t{1})},
          {"threads", spec.value("threads", int64_t{1})}}},
        {"execution", execution.is_object() ? execution : nlohmann::json::object()},
        {"origins", nlohmann::json::object()}};
    write_file_atomically(directory.job_file(), file.dump());
    return directory;
  }

  run::RunDirectory make_training(const std::string& name, const config::TrainSpec& spec,
                                  int64_t checkpoint_every = 200,
                                  std::map<std::string, std::string> inputs = {}) const {
    inputs["corpus"] = "corpus";
    return make("train", name, config::to_json(spec), inputs,
                {{"checkpoint_every", checkpoint_every}});
  }

  static void finish(const run::RunDirectory& directory, const nlohmann::json& result) {
    write_file_atomically(directory.result_file(), result.dump());
    directory.mark_done();
  }

  const fs::path& path() const { return folder_.path(); }

 private:
  std::string key_of(const std::string& name) const {
    const fs::path file = run::RunDirectory(folder_.path() / name).job_file();
    return nlohmann::json::parse(read_file(file)).at("key");
  }

  TemporaryDirectory folder_;
};

// The last steps' LM loss, mean of `window`.
inline double final_loss(const run::RunDirectory& directory, size_t window) {
  const auto steps = run::read_records(directory.records_file()).steps;
  double sum = 0;
  for (size_t i = steps.size() - window; i < steps.size(); ++i) sum += steps[i].lm_loss;
  return sum / static_cast<double>(window);
}

// In this process; marks the directory done, as the worker does.
inline nlohmann::json train_here(const run::RunDirectory& directory) {
  const std::atomic<bool> never = false;
  const nlohmann::json result = train(run::open_job(directory), directory, never);
  Runs::finish(directory, result);
  return result;
}

inline nlohmann::json train_here(const Runs& runs, const std::string& name,
                                 const config::TrainSpec& spec) {
  return train_here(runs.make_training(name, spec));
}

// A step record without its clocks.
inline std::string without_seconds(run::StepRecord record) {
  record.clocks = {};
  return run::to_line(record);
}

inline std::vector<std::string> steps_of(const run::RunDirectory& directory) {
  std::vector<std::string> lines;
  for (const auto& record : run::read_records(directory.records_file()).steps)
    lines.push_back(without_seconds(record));
  return lines;
}

inline std::vector<std::string> evals_of(const run::RunDirectory& directory) {
  std::vector<std::string> lines;
  for (const auto& record : run::read_records(directory.records_file()).evals)
    lines.push_back(run::to_line(record));
  return lines;
}

}  // namespace repro::train
