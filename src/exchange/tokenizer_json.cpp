#include "exchange/tokenizer_json.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "exchange/keys.hpp"

namespace repro::exchange {
namespace {

using nlohmann::json;

constexpr double kMostTokenId = 1e8;

constexpr const char* kQwen2Words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Words =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::array kExpressions = {kGpt2Words, kQwen2Words, kLlama3Words, kEmptyParagraph,
                                     kParagraphBegins};

std::string known_expression(Keys& pattern) {
  const std::string expression = pattern.text("Regex");
  if (std::find(kExpressions.begin(), kExpressions.end(), expression) == kExpressions.end())
    pattern.refuse("Regex",
                   "none of the expressions this program reads (GPT-2's, Qwen2's, "
                   "Llama 3's)");
  return expression;
}

// The parts of a Sequence, or the one that stands alone; none where it is null.
std::vector<json> parts_of(const json& value, const char* list, const std::string& place) {
  if (value.is_null()) return {};
  Keys keys(value, place);
  if (keys.text("type") != "Sequence") return std::vector<json>(1, value);
  const json& parts = keys.value(list);
  if (!parts.is_array()) keys.refuse(list, "a list is needed");
  return parts.get<std::vector<json>>();
}

NormalizerStep replace_step(Keys& keys) {
  using Kind = NormalizerStep::Kind;
  Keys pattern(keys.value("pattern"), keys.place() + ": pattern");
  if (pattern.has("String")) return {Kind::replace, pattern.text("String"), keys.text("content")};
  const std::string expression = known_expression(pattern);
  const std::string content = keys.text("content");
  // A dollar would name a group of the expression.
  if (content.find('$') != content.npos) keys.refuse("content", "groups are not supported");
  return {Kind::replace_expression, expression, content};
}

std::vector<NormalizerStep> read_normalizer(const json& value, const std::string& place) {
  using Kind = NormalizerStep::Kind;
  std::vector<NormalizerStep> steps;
  for (const json& part : parts_of(value, "normalizers", place)) {
    Keys keys(part, place);
    const std::string type = keys.text("type");
    if (type == "NFC")
      steps.push_back({Kind::nfc, "", ""});
    else if (type == "Prepend")
      steps.push_back({Kind::prepend, "", keys.text("prepend")});
    else if (type == "Replace")
      steps.push_back(replace_step(keys));
    else
      keys.refuse("type", "only NFC, Prepend and Replace are supported");
    keys.finish();
  }
  for (const NormalizerStep& step : steps)
    if (step.kind == Kind::replace && step.pattern.empty())
      throw Error("{}: replaces an empty text", place);
  return steps;
}

void read_byte_level(Keys& keys, TokenizerFile& file) {
  file.byte_level = true;
  keys.ignore("trim_offsets");
  if (keys.boolean("add_prefix_space", true))
    keys.refuse("add_prefix_space", "only false is supported");
  if (!keys.boolean("use_regex", true)) return;
  if (!file.words.empty()) keys.refuse("use_regex", "only false is supported after a Split");
  file.words = kGpt2Words;
}

// Split by an expression and then bytes, or bytes alone with GPT-2's expression within.
void read_pre_tokenizer(const json& value, const std::string& place, TokenizerFile& file) {
  for (const json& part : parts_of(value, "pretokenizers", place)) {
    Keys keys(part, place);
    const std::string type = keys.text("type");
    if (file.byte_level || (type == "Split" && !file.words.empty()))
      throw Error("{}: more steps than one Split and one ByteLevel are not supported", place);
    if (type == "Split") {
      Keys pattern(keys.value("pattern"), keys.place() + ": pattern");
      file.words = known_expression(pattern);
      if (keys.text("behavior") != "Isolated")
        keys.refuse("behavior", "only \"Isolated\" is supported");
      if (keys.boolean("invert", false)) keys.refuse("invert", "only false is supported");
    } else if (type == "ByteLevel") {
      read_byte_level(keys, file);
    } else {
      keys.refuse("type", "only Split and ByteLevel are supported");
    }
    keys.finish();
  }
  if (!file.words.empty() && !file.byte_level)
    throw Error("{}: a Split without ByteLevel is not supported", place);
}

void read_vocabulary(Keys& model, TokenizerFile& file) {
  const json& vocabulary = model.value("vocab");
  if (!vocabulary.is_object() || vocabulary.empty())
    throw Error("{}: no vocab of pieces and their ids", model.place());
  std::vector<int32_t> ids;
  for (const auto& [piece, id] : vocabulary.items()) {
    if (!id.is_number_integer() || id.get<double>() < 0 || id.get<double>() > kMostTokenId)
      throw Error("{}: piece '{}' of its vocab has the id {}", model.place(), shown(piece),
                  shown_value(id));
    ids.push_back(id.get<int32_t>());
    file.vocabulary.emplace(piece, ids.back());
  }
  std::sort(ids.begin(), ids.end());
  if (const auto twice = std::adjacent_find(ids.begin(), ids.end()); twice != ids.end())
    throw Error("{}: two pieces of its vocab have the id {}", model.place(), *twice);
  file.tokens = ids.back() + int64_t{1};
}

// "left right", or since version 0.20 a list of the two.
bool read_merge(const json& value, std::string& left, std::string& right) {
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
    left = value[0].get<std::string>();
    right = value[1].get<std::string>();
    return true;
  }
  if (!value.is_string()) return false;
  const std::string pair = value.get<std::string>();
  const size_t space = pair.find(' ');
  if (space == pair.npos || pair.find(' ', space + 1) != pair.npos) return false;
  left = pair.substr(0, space);
  right = pair.substr(space + 1);
  return true;
}

void read_merges(Keys& model, TokenizerFile& file) {
  const json& merges = model.value("merges");
  if (!merges.is_array()) throw Error("{}: no list of merges", model.place());
  const auto id = [&](const std::string& piece) {
    const auto found = file.vocabulary.find(piece);
    return found == file.vocabulary.end() ? -1 : found->second;
  };
  for (const json& value : merges) {
    std::string left, right;
    if (!read_merge(value, left, right))
      throw Error("{}: merge {} is no pair of pieces", model.place(), shown_value(value));
    const Merge merge{id(left), id(right), id(left + right)};
    if (merge.left < 0 || merge.right < 0 || merge.result < 0)
      throw Error("{}: merge {} is of pieces that its vocab lacks", model.place(),
                  shown_value(value));
    file.merges.push_back(merge);
  }
}

void read_model(const json& value, const std::string& place, TokenizerFile& file) {
  Keys model(value, place);
  if (model.text("type", "BPE") != "BPE") model.refuse("type", "only \"BPE\" is supported");
  model.require("dropout", 0.0);
  model.require("continuing_subword_prefix", "");
  model.require("end_of_word_suffix", "");
  file.ignore_merges = model.boolean("ignore_merges", false);
  read_vocabulary(model, file);
  read_merges(model, file);
  const bool fallback = model.boolean("byte_fallback", false);
  for (const char* key : {"unk_token", "fuse_unk"}) model.ignore(key);  // nothing is unknown
  model.finish();
  // With all bytes there, every text has tokens and none is unknown.
  if (!file.byte_level && !fallback)
    throw Error("{}: neither byte-level nor with byte_fallback: it would lose characters", place);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string piece = file.byte_level ? byte_characters()[static_cast<size_t>(byte)]
                                              : fmt::format("<0x{:02X}>", byte);
    if (!file.vocabulary.contains(piece))
      throw Error("{}: its vocab lacks '{}', the piece of byte {}", place, piece, byte);
  }
}

void read_added(const json& list, const std::string& place, TokenizerFile& file) {
  if (list.is_null()) return;
  if (!list.is_array()) throw Error("{}: not a list", place);
  for (const json& value : list) {
    Keys keys(value, place);
    AddedToken token{keys.text("content"),
                     static_cast<int32_t>(keys.integer("id", {0, kMostTokenId})),
                     keys.boolean("normalized", false)};
    if (token.text.empty()) keys.refuse("content", "a text is needed");
    for (const char* key : {"lstrip", "rstrip", "single_word"})
      if (keys.boolean(key, false))
        keys.refuse(key, fmt::format("of token '{}': only false is supported", shown(token.text)));
    keys.ignore("special");
    keys.finish();
    file.tokens = std::max(file.tokens, token.id + int64_t{1});
    file.added.push_back(std::move(token));
  }
}

// Every byte as a character that can be seen: those of Latin-1 that can stand for themselves, the
// others from U+0100 on.
std::vector<std::string> make_byte_characters() {
  std::vector<std::string> characters;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool is_seen =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
    const uint32_t code = is_seen ? byte : next++;
    std::string text;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else {
      text += static_cast<char>(0xC0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 0x3F));
    }
    characters.push_back(text);
  }
  return characters;
}

}  // namespace

int32_t TokenizerFile::id_of(const std::string& token) const {
  for (const AddedToken& each : added)
    if (each.text == token) return each.id;
  const auto found = vocabulary.find(token);
  return found == vocabulary.end() ? -1 : found->second;
}

const std::vector<std::string>& byte_characters() {
  static const std::vector<std::string> characters = make_byte_characters();
  return characters;
}

TokenizerFile parse_tokenizer(const std::string& text, const std::string& place) {
  const json object = parse_object(text, place);
  Keys keys(object, place);
  TokenizerFile file;
  file.sha256 = sha256_hex(text);
  file.normalizer = read_normalizer(keys.value("normalizer"), place + ": normalizer");
  read_pre_tokenizer(keys.value("pre_tokenizer"), place + ": pre_tokenizer", file);
  read_model(keys.value("model"), place + ": model", file);
  read_added(keys.value("added_tokens"), place + ": added_tokens", file);
  for (const char* key : {"version", "truncation", "padding", "post_processor", "decoder"})
    keys.ignore(key);
  keys.finish();
  return file;
}

TokenizerFile read_tokenizer(const std::filesystem::path& path) {
  return parse_tokenizer(read_bounded(path), path.string());
}

}  // namespace repro::exchange
