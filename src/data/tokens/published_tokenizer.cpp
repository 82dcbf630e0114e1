#include "data/tokens/published_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/unicode.hpp"
#include "exchange/tokenizer_files.hpp"

namespace repro::data {
namespace {

using exchange::NormalizerStep;

constexpr std::string_view kSpaceMark = "\u2581";
// Of the words that are remembered, with what a map takes beside them.
constexpr size_t kMostRemembered = 100'000'000;
constexpr size_t kBesideRemembered = 120;
constexpr size_t kLongestRemembered = 256;

std::string with_replaced(std::string_view text, const std::string& what,
                          const std::string& content) {
  std::string result;
  size_t at = 0;
  for (size_t found = text.find(what); found != text.npos; found = text.find(what, at)) {
    result.append(text, at, found - at);
    result += content;
    at = found + what.size();
  }
  return result.append(text.substr(at));
}

std::string with_replaced(std::string_view text, const Expression& what,
                          const std::string& content) {
  std::string result;
  size_t at = 0, begin = 0, end = 0;
  while (at < text.size() && what.find(text, at, begin, end)) {
    result.append(text, at, begin - at);
    result += content;
    at = end;
  }
  return result.append(text.substr(std::min(at, text.size())));
}

}  // namespace

PublishedTokenizer::PublishedTokenizer(const std::filesystem::path& tokenizer_json)
    : file_(exchange::read_tokenizer(tokenizer_json)),
      before_text_(exchange::token_before_text(
          tokenizer_json.parent_path() / "tokenizer_config.json", file_)) {
  for (const NormalizerStep& step : file_.normalizer) {
    steps_.emplace_back();
    if (step.kind == NormalizerStep::Kind::replace_expression) steps_.back().emplace(step.pattern);
  }
  if (!file_.words.empty()) words_.emplace(file_.words);
  for (const exchange::Merge& merge : file_.merges)
    merges_.add(merge.left, merge.right, merge.result);
  for (int byte = 0; byte < 256; ++byte)
    byte_tokens_.push_back(file_.vocabulary.at(
        file_.byte_level ? exchange::byte_characters()[static_cast<size_t>(byte)]
                         : fmt::format("<0x{:02X}>", byte)));
  plain_ = added_tokens(false);
  normalized_ = added_tokens(true);
  cuts_at_spaces_ = file_.words.empty() && spaces_begin_words();
}

PublishedTokenizer::AddedTokens PublishedTokenizer::added_tokens(bool normalized) const {
  AddedTokens tokens;
  for (const exchange::AddedToken& token : file_.added) {
    if (token.normalized != normalized) continue;
    const std::string text = normalized ? normalised(token.text) : token.text;
    if (!text.empty()) tokens[text.front()].emplace_back(text, token.id);
  }
  for (auto& [first, same] : tokens)
    std::stable_sort(same.begin(), same.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return tokens;
}

// Then a word that begins at a space has the tokens it has alone, and may be remembered.
bool PublishedTokenizer::spaces_begin_words() const {
  return std::none_of(file_.vocabulary.begin(), file_.vocabulary.end(), [](const auto& piece) {
    std::string_view text = piece.first;
    while (text.starts_with(kSpaceMark)) text.remove_prefix(kSpaceMark.size());
    return text.find(kSpaceMark) != text.npos;
  });
}

void PublishedTokenizer::encode(std::string_view text, std::vector<int32_t>& out) {
  if (!is_utf8(text)) throw Error("a text is not UTF-8: it has no tokens of this tokenizer");
  between(text, plain_, out, [&](std::string_view part) {
    const std::string ready = normalised(part);
    between(ready, normalized_, out, [&](std::string_view rest) { encode_words(rest, out); });
  });
}

// The longest that a text begins with; null when it begins with none.
const std::pair<std::string, int32_t>* PublishedTokenizer::token_at(std::string_view text,
                                                                    const AddedTokens& added) {
  const auto same = added.find(text.front());
  if (same == added.end()) return nullptr;
  for (const auto& token : same->second)
    if (text.starts_with(token.first)) return &token;
  return nullptr;
}

// Appends the added tokens of a text, the leftmost and of those the longest, and calls `use` with
// what stands before, between and behind them.
template <typename Use>
void PublishedTokenizer::between(std::string_view text, const AddedTokens& added,
                                 std::vector<int32_t>& out, const Use& use) const {
  size_t begin = 0;
  for (size_t at = 0; !added.empty() && at < text.size();) {
    const auto* found = token_at(text.substr(at), added);
    if (found == nullptr) {
      ++at;
      continue;
    }
    if (begin < at) use(text.substr(begin, at - begin));
    out.push_back(found->second);
    begin = at += found->first.size();
  }
  if (begin < text.size()) use(text.substr(begin));
}

std::string PublishedTokenizer::normalised(std::string_view text) const {
  using Kind = NormalizerStep::Kind;
  std::string result(text);
  for (size_t i = 0; i < file_.normalizer.size(); ++i) {
    const NormalizerStep& step = file_.normalizer[i];
    if (step.kind == Kind::nfc) result = nfc(result);
    if (step.kind == Kind::prepend && !result.empty()) result.insert(0, step.content);
    if (step.kind == Kind::replace) result = with_replaced(result, step.pattern, step.content);
    if (step.kind == Kind::replace_expression)
      result = with_replaced(result, *steps_[i], step.content);
  }
  return result;
}

void PublishedTokenizer::encode_words(std::string_view text, std::vector<int32_t>& out) {
  if (!words_) {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = word_end(text, begin);
      encode_word(text.substr(begin, end - begin), out);
      begin = end;
    }
    return;
  }
  size_t at = 0, begin = 0, end = 0;
  while (at < text.size() && words_->find(text, at, begin, end)) {
    if (at < begin) encode_word(text.substr(at, begin - at), out);
    encode_word(text.substr(begin, end - begin), out);
    at = end;
  }
  if (at < text.size()) encode_word(text.substr(at), out);
}

// Where the next run of spaces begins.
size_t PublishedTokenizer::word_end(std::string_view text, size_t begin) const {
  if (!cuts_at_spaces_) return text.size();
  size_t at = begin;
  while (text.substr(at).starts_with(kSpaceMark)) at += kSpaceMark.size();
  return std::min(text.find(kSpaceMark, at), text.size());
}

void PublishedTokenizer::encode_word(std::string_view word, std::vector<int32_t>& out) {
  if (word.size() > kLongestRemembered) {
    const std::vector<int32_t> tokens = tokens_of(word);
    out.insert(out.end(), tokens.begin(), tokens.end());
    return;
  }
  word_.assign(word);
  auto known = remembered_.find(word_);
  if (known == remembered_.end()) {
    if (remembered_bytes_ > kMostRemembered) {
      remembered_.clear();
      remembered_bytes_ = 0;
    }
    std::vector<int32_t> tokens = tokens_of(word);
    remembered_bytes_ += kBesideRemembered + word.size() + tokens.size() * sizeof(int32_t);
    known = remembered_.emplace(word_, std::move(tokens)).first;
  }
  out.insert(out.end(), known->second.begin(), known->second.end());
}

std::vector<int32_t> PublishedTokenizer::tokens_of(std::string_view word) const {
  std::vector<int32_t> symbols;
  std::string whole;
  for (size_t at = 0; at < word.size();) {
    if (file_.byte_level) {
      const auto byte = static_cast<unsigned char>(word[at++]);
      symbols.push_back(byte_tokens_[byte]);
      if (file_.ignore_merges) whole += exchange::byte_characters()[byte];
      continue;
    }
    const size_t begin = at;
    next_code_point(word, at);
    const std::string character(word.substr(begin, at - begin));
    const auto known = file_.vocabulary.find(character);
    if (known != file_.vocabulary.end())
      symbols.push_back(known->second);
    else
      for (const char c : character) symbols.push_back(byte_tokens_[static_cast<unsigned char>(c)]);
  }
  if (file_.ignore_merges) {
    const auto known = file_.vocabulary.find(file_.byte_level ? whole : std::string(word));
    if (known != file_.vocabulary.end()) return {known->second};
  }
  merges_.merge(symbols);
  return symbols;
}

}  // namespace repro::data
