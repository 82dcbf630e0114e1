#include "exchange/export.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_folder.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "exchange/checkpoint.hpp"
#include "exchange/import.hpp"

namespace repro::exchange {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

struct PublishedTokenizer {
  std::map<std::string, std::string> files;  // by name
  std::string sha256;
  int64_t tokens = 0;
  std::optional<int64_t> begin, end;
};

std::optional<int64_t> known(int32_t id) {
  return id < 0 ? std::nullopt : std::optional<int64_t>(id);
}

// One that a corpus was prepared with.
PublishedTokenizer own_tokenizer(const fs::path& path, int64_t positions) {
  const SentencepieceModel model = read_sentencepiece(path);
  const ordered_json settings = tokenizer_config_json(model, positions);
  ordered_json special = ordered_json::object();
  for (const char* key : {"bos_token", "eos_token", "unk_token"})
    if (!settings.at(key).is_null()) special[key] = settings.at(key);
  PublishedTokenizer found;
  found.files["tokenizer.json"] = tokenizer_json(model, Spaces::by_paragraph).dump() + "\n";
  found.files["tokenizer_config.json"] = settings.dump(2) + "\n";
  found.files["special_tokens_map.json"] = special.dump(2) + "\n";
  found.tokens = static_cast<int64_t>(model.pieces.size());
  found.begin = known(model.begin);
  found.end = known(model.end);
  return found;
}

// One that came with an imported checkpoint.
PublishedTokenizer carried_tokenizer(const fs::path& folder) {
  PublishedTokenizer found;
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"})
    found.files[name] = read_bounded(folder / name);
  const TokenizerFile file =
      parse_tokenizer(found.files["tokenizer.json"], (folder / "tokenizer.json").string());
  const json settings = read_object(folder / "tokenizer_config.json");
  Keys keys(settings, (folder / "tokenizer_config.json").string());
  found.tokens = file.tokens;
  found.begin = known(file.id_of(token_text(keys, "bos_token")));
  found.end = known(file.id_of(token_text(keys, "eos_token")));
  return found;
}

PublishedTokenizer tokenizer_of(const ExportRequest& request) {
  const fs::path& folder = request.tokenizer;
  PublishedTokenizer found = fs::exists(folder / "tokenizer.json")
                                 ? carried_tokenizer(folder)
                                 : own_tokenizer(folder / "tokenizer.model", request.positions);
  if (found.tokens > request.model.vocabulary)
    throw Error("{}: its tokenizer has {} tokens, the model {} rows; they are not of one training",
                folder.string(), found.tokens, request.model.vocabulary);
  found.sha256 = sha256_hex(found.files.at("tokenizer.json"));
  return found;
}

std::string generation_config(const PublishedConfig& config) {
  ordered_json out = ordered_json::object();
  if (config.begin_of_text) out["bos_token_id"] = *config.begin_of_text;
  if (!config.end_of_text.empty()) out["eos_token_id"] = config.end_of_text.front();
  return out.dump(2) + "\n";
}

// What most of the numbers are.
std::string stored_dtype(const SafetensorsView& weights) {
  std::map<std::string, size_t> bytes;
  for (const auto& [name, tensor] : weights.tensors()) bytes[tensor.dtype] += tensor.data.size();
  std::string most = "F32";
  for (const auto& [dtype, count] : bytes)
    if (count > bytes[most]) most = dtype;
  return most;
}

}  // namespace

ExportResult export_model(const ExportRequest& request, const fs::path& folder) {
  PublishedConfig config{.architecture = &architecture_of(request.model, request.run),
                         .model = request.model,
                         .positions = request.positions,
                         .begin_of_text = {},
                         .end_of_text = {}};
  const PublishedTokenizer tokenizer = tokenizer_of(request);
  config.begin_of_text = tokenizer.begin;
  if (tokenizer.end) config.end_of_text = {*tokenizer.end};
  const SafetensorsView weights(request.weights);
  const std::string dtype = request.dtype.empty() ? stored_dtype(weights) : request.dtype;
  std::vector<std::byte> zeros;
  const auto tensors = publish(weights, request.weights, config, request.dtype, zeros);
  AtomicFolder target(folder);
  const int64_t bytes =
      write_shards(target.filling(), tensors, {{"format", "pt"}, {kTokenizerKey, tokenizer.sha256}},
                   request.shard_bytes);
  const fs::path& filling = target.filling();
  write_file_atomically(filling / "config.json", write_config(config, dtype).dump(2) + "\n");
  write_file_atomically(filling / "generation_config.json", generation_config(config));
  for (const auto& [name, text] : tokenizer.files) write_file_atomically(filling / name, text);
  const auto files = std::distance(fs::directory_iterator(filling), fs::directory_iterator());
  target.commit();
  return {config.architecture->class_name, dtype, bytes, files};
}

}  // namespace repro::exchange
