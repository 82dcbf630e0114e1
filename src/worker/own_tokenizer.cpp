#include "worker/own_tokenizer.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/safetensors.hpp"
#include "data/prepare.hpp"
#include "train/training_data.hpp"

namespace repro::worker {
namespace {

// Of the corpus that a run was trained on, itself or in what it came from.
std::string tokenizer_of_training(const run::RunDirectory& run) {
  const nlohmann::json job = parse_json(read_file(run.job_file()));
  const nlohmann::json inputs = job.value("inputs", nlohmann::json::object());
  for (const auto& [role, name] : inputs.items()) {
    const run::RunDirectory input(run.path().parent_path() / name.get<std::string>());
    const fs::path own = data::tokenizer_path(input.path());
    if (role == "corpus") return fs::exists(own) ? sha256_hex_of_file(own) : "";
    if (std::string found = tokenizer_of_training(input); !found.empty()) return found;
  }
  return "";
}

}  // namespace

std::string tokenizer_of_weights(const run::OpenedJob& job) {
  // Those of an ensemble are of one corpus.
  const char* role = job.inputs.contains("part0") ? "part0" : "weights";
  const run::RunDirectory& run = train::input(job, role);
  const auto metadata = SafetensorsView(run.weights()).metadata();
  const auto said = metadata.find("tokenizer_sha256");
  return said == metadata.end() ? tokenizer_of_training(run) : said->second;
}

std::unique_ptr<data::Encoder> own_tokenizer(const run::OpenedJob& job, int64_t rows) {
  const char* role = job.inputs.contains("corpus") ? "corpus" : "weights";
  const std::filesystem::path from = train::input(job, role).path();
  std::unique_ptr<data::Encoder> tokenizer = data::open_encoder(from);
  const std::string said = tokenizer_of_weights(job);
  if (!said.empty() && said != tokenizer->sha256())
    throw Error(
        "{}: its tokenizer has the SHA-256 {}, the weights were trained with {}; the "
        "weights are not this tokenizer's",
        from.string(), tokenizer->sha256().substr(0, 16), said.substr(0, 16));
  if (tokenizer->vocabulary() > rows)
    throw Error("{}: has {} pieces, the model {} rows; the weights are not this tokenizer's",
                from.string(), tokenizer->vocabulary(), rows);
  return tokenizer;
}

}  // namespace repro::worker
