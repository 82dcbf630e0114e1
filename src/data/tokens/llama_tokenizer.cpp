#include "data/tokens/llama_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = "\u2581";
constexpr size_t kRememberedWords = 1 << 20;

}  // namespace

LlamaTokenizer::LlamaTokenizer(const std::filesystem::path& json_file) {
  try {
    const json model = parse_json(read_file(json_file)).at("model");
    if (!model.at("byte_fallback").get<bool>())
      throw Error("{}: not a byte-fallback BPE", json_file.string());
    ids_ = model.at("vocab").get<std::unordered_map<std::string, int32_t>>();
    for (const json& merge : model.at("merges")) {
      const std::string pair = merge.get<std::string>();
      const size_t space = pair.find(' ');
      const std::string left = pair.substr(0, space);
      const std::string right = pair.substr(space + 1);
      merges_.add(ids_.at(left), ids_.at(right), ids_.at(left + right));
    }
    for (int byte = 0; byte < 256; ++byte) bytes_[byte] = ids_.at(fmt::format("<0x{:02X}>", byte));
  } catch (const std::exception& error) {
    throw Error("{}: not a tokenizer this program knows: {}", json_file.string(), error.what());
  }
}

void LlamaTokenizer::encode(std::string_view text, std::vector<int32_t>& out) {
  // No piece has a space behind another character, or a newline: what begins with spaces or a
  // newline and ends before the next stands alone.
  bool first = true;
  for (size_t begin = 0; begin < text.size(); first = false) {
    size_t end = begin;
    if (text[end] == '\n') {
      ++end;
    } else {
      while (end < text.size() && text[end] == ' ') ++end;
      end = std::min(text.find_first_of(" \n", end), text.size());
    }
    word_.assign(first ? kSpace : "");
    for (const char c : text.substr(begin, end - begin)) {
      if (c == ' ') {
        word_ += kSpace;
      } else {
        word_ += c;
      }
    }
    auto known = words_.find(word_);
    if (known == words_.end()) {
      if (words_.size() >= kRememberedWords) words_.clear();
      std::vector<int32_t> symbols = symbols_of(word_);
      merges_.merge(symbols);
      known = words_.emplace(word_, std::move(symbols)).first;
    }
    out.insert(out.end(), known->second.begin(), known->second.end());
    begin = end;
  }
}

std::vector<int32_t> LlamaTokenizer::symbols_of(std::string_view word) const {
  std::vector<int32_t> symbols;
  for (size_t at = 0; at < word.size();) {
    const size_t begin = at;
    next_code_point(word, at);
    const std::string character(word.substr(begin, at - begin));
    const auto known = ids_.find(character);
    if (known != ids_.end()) {
      symbols.push_back(known->second);
    } else {
      for (const char c : character) symbols.push_back(bytes_[static_cast<unsigned char>(c)]);
    }
  }
  return symbols;
}

}  // namespace repro::data
