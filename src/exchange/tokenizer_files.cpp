#include "exchange/tokenizer_files.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/unicode.hpp"

namespace repro::exchange {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kSpaceMark = "\u2581";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";
constexpr const char* kSentencepiece = "tokenizer.model";

ordered_json replace(const char* kind, const std::string& pattern, const std::string& content) {
  return {{"type", "Replace"}, {"pattern", {{kind, pattern}}}, {"content", content}};
}

// Every way in which a piece is two others. sentencepiece merges the pair whose whole has the
// highest score, the library the pair that stands first.
std::vector<std::array<std::string, 2>> merges_of(const SentencepieceModel& model) {
  std::unordered_map<std::string, size_t> normal;
  for (size_t id = 0; id < model.pieces.size(); ++id)
    if (model.pieces[id].kind == PieceKind::normal) normal.emplace(model.pieces[id].text, id);
  struct Pair {
    float score;
    size_t left, right;
  };
  std::vector<Pair> pairs;
  for (const auto& [text, id] : normal) {
    size_t cut = 0;
    for (next_code_point(text, cut); cut < text.size(); next_code_point(text, cut)) {
      const auto left = normal.find(text.substr(0, cut));
      const auto right = normal.find(text.substr(cut));
      if (left != normal.end() && right != normal.end())
        pairs.push_back({model.pieces[id].score, left->second, right->second});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tuple(-a.score, a.left, a.right) < std::tuple(-b.score, b.left, b.right);
  });
  std::vector<std::array<std::string, 2>> merges;
  for (const Pair& pair : pairs)
    merges.push_back({model.pieces[pair.left].text, model.pieces[pair.right].text});
  return merges;
}

ordered_json normalizers(const SentencepieceModel& model, Spaces spaces) {
  ordered_json steps = ordered_json::array();
  if (model.dummy_prefix || spaces == Spaces::by_paragraph)
    steps.push_back({{"type", "Prepend"}, {"prepend", kSpaceMark}});
  if (spaces == Spaces::by_paragraph) {
    steps.push_back(replace("Regex", kEmptyParagraph, ""));
    steps.push_back(replace("Regex", kParagraphBegins, std::string("\n") + kSpaceMark));
  }
  steps.push_back(replace("String", " ", kSpaceMark));
  return steps;
}

ordered_json decoders(const SentencepieceModel& model, Spaces spaces) {
  ordered_json steps = {
      replace("String", kSpaceMark, " "), {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  if (model.dummy_prefix || spaces == Spaces::by_paragraph)
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  if (spaces == Spaces::by_paragraph) steps.push_back(replace("String", "\n ", "\n"));
  return steps;
}

ordered_json sequence(const char* list, ordered_json steps) {
  return {{"type", "Sequence"}, {list, std::move(steps)}};
}

ordered_json added_tokens(const SentencepieceModel& model) {
  ordered_json list = ordered_json::array();
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const Piece& piece = model.pieces[id];
    if (piece.kind == PieceKind::unknown || piece.kind == PieceKind::control)
      list.push_back({{"id", id},
                      {"content", piece.text},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", false},
                      {"special", true}});
  }
  return list;
}

ordered_json name_of(const SentencepieceModel& model, int32_t id) {
  return id < 0 ? ordered_json() : ordered_json(model.pieces[static_cast<size_t>(id)].text);
}

std::string text_of_id(const TokenizerFile& file, int64_t id) {
  for (const AddedToken& token : file.added)
    if (token.id == id) return token.text;
  for (const auto& [piece, own] : file.vocabulary)
    if (own == id) return piece;
  return "";
}

// Fills in what the file leaves to the configuration of the model.
void say_token(json& object, const char* key, std::optional<int64_t> id,
               const TokenizerFile& file) {
  if (object.contains(key) || !id) return;
  object[key] = text_of_id(file, *id);
}

int32_t find_token_before_text(const json& settings, const std::string& place,
                               const TokenizerFile& file) {
  Keys keys(settings, place);
  for (const char* key : {"bos_token", "eos_token"}) {
    const std::string text = token_text(keys, key);
    if (text.empty()) continue;
    const int32_t id = file.id_of(text);
    if (id < 0) keys.refuse(key, "no token of its tokenizer");
    return id;
  }
  throw Error(
      "{}: names no bos_token and no eos_token, one of which stands before a text; name one",
      place);
}

void require_tokens_of(const fs::path& folder, const TokenizerFile& file,
                       const PublishedConfig& config) {
  const std::string place = (folder / "config.json").string();
  if (file.tokens > config.model.vocabulary)
    throw Error("{}: vocab_size = {}, but its tokenizer has {} tokens; it is another model's",
                place, config.model.vocabulary, file.tokens);
  std::vector<int64_t> named = config.end_of_text;
  if (config.begin_of_text) named.push_back(*config.begin_of_text);
  for (const int64_t id : named)
    if (text_of_id(file, id).empty())
      throw Error(
          "{}: names token {}, which its tokenizer lacks ({} tokens); it is another model's", place,
          id, file.tokens);
}

std::string tokenizer_text(const fs::path& folder, const std::string& published) {
  if (fs::exists(folder / kTokenizer)) {
    std::string text = read_bounded(folder / kTokenizer);
    if (!published.empty() && sha256_hex(text) != published)
      throw Error(
          "{}: is not the tokenizer that the weights were written with (its SHA-256 is {}, "
          "theirs says {}); take the one that was exported with them",
          (folder / kTokenizer).string(), sha256_hex(text).substr(0, 16),
          shown(published.substr(0, 16)));
    return text;
  }
  if (!published.empty())
    throw Error("{}: is missing, with which the weights were written; get it too",
                (folder / kTokenizer).string());
  if (!fs::exists(folder / kSentencepiece))
    throw Error(
        "{}: holds no {} and no {}; save its tokenizer anew with AutoTokenizer's "
        "save_pretrained",
        folder.string(), kTokenizer, kSentencepiece);
  return tokenizer_json(read_sentencepiece(folder / kSentencepiece), Spaces::once).dump() + "\n";
}

}  // namespace

std::string token_text(Keys& keys, const char* key) {
  const json& value = keys.value(key);
  if (!value.is_object()) return keys.text(key, "");
  return Keys(value, keys.place() + ": " + key).text("content");
}

ordered_json tokenizer_json(const SentencepieceModel& model, Spaces spaces) {
  ordered_json vocabulary = ordered_json::object();
  auto& members = vocabulary.get_ref<ordered_json::object_t&>();
  // By its brackets it would look through all that are there already.
  for (size_t id = 0; id < model.pieces.size(); ++id)
    members.emplace_back(model.pieces[id].text, id);
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens(model)},
          {"normalizer", sequence("normalizers", normalizers(model, spaces))},
          {"pre_tokenizer", nullptr},
          {"post_processor", nullptr},
          {"decoder", sequence("decoders", decoders(model, spaces))},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", name_of(model, model.unknown)},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"ignore_merges", false},
            {"vocab", vocabulary},
            {"merges", merges_of(model)}}}};
}

ordered_json tokenizer_config_json(const SentencepieceModel& model, int64_t positions) {
  return {{"tokenizer_class", "PreTrainedTokenizerFast"},
          {"bos_token", name_of(model, model.begin)},
          {"eos_token", name_of(model, model.end)},
          {"unk_token", name_of(model, model.unknown)},
          {"pad_token", nullptr},
          {"add_bos_token", false},
          {"add_eos_token", false},
          {"clean_up_tokenization_spaces", false},
          {"model_max_length", positions}};
}

CarriedTokenizer carry_tokenizer(const fs::path& folder, const PublishedConfig& config,
                                 const std::string& published) {
  CarriedTokenizer carried;
  carried.tokenizer_json = tokenizer_text(folder, published);
  carried.sha256 = sha256_hex(carried.tokenizer_json);
  const fs::path source = folder / (fs::exists(folder / kTokenizer) ? kTokenizer : kSentencepiece);
  const TokenizerFile file = parse_tokenizer(carried.tokenizer_json, source.string());
  require_tokens_of(folder, file, config);
  carried.tokens = file.tokens;
  json settings = json::object();
  if (fs::exists(folder / kTokenizerConfig)) settings = read_object(folder / kTokenizerConfig);
  say_token(settings, "bos_token", config.begin_of_text, file);
  if (!config.end_of_text.empty())
    say_token(settings, "eos_token", config.end_of_text.front(), file);
  carried.before_text =
      find_token_before_text(settings, (folder / kTokenizerConfig).string(), file);
  carried.config_json = settings.dump(2) + "\n";
  return carried;
}

int32_t token_before_text(const fs::path& config_file, const TokenizerFile& file) {
  return find_token_before_text(read_object(config_file), config_file.string(), file);
}

}  // namespace repro::exchange
