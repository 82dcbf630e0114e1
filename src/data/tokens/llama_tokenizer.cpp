#include "data/tokens/llama_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <queue>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = "\u2581";
constexpr size_t kRememberedWords = 1 << 20;

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

LlamaTokenizer::LlamaTokenizer(const std::filesystem::path& json_file) {
  try {
    const json model = parse_json(read_file(json_file)).at("model");
    if (!model.at("byte_fallback").get<bool>())
      throw Error("{}: not a byte-fallback BPE", json_file.string());
    ids_ = model.at("vocab").get<std::unordered_map<std::string, int32_t>>();
    int32_t rank = 0;
    for (const json& merge : model.at("merges")) {
      const std::string pair = merge.get<std::string>();
      const size_t space = pair.find(' ');
      const std::string left = pair.substr(0, space);
      const std::string right = pair.substr(space + 1);
      merges_[pair_key(ids_.at(left), ids_.at(right))] = {rank++, ids_.at(left + right)};
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
      merge_symbols(symbols);
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

// The pair of lowest rank first, the leftmost of equals, until none is left: a queue of candidate
// pairs over a linked list, so that long words without spaces cost n log n.
void LlamaTokenizer::merge_symbols(std::vector<int32_t>& symbols) const {
  struct Candidate {
    int32_t rank, position, left, right, result;
    bool operator<(const Candidate& other) const {  // the queue's top is the largest
      return std::pair(rank, position) > std::pair(other.rank, other.position);
    }
  };
  const auto count = static_cast<int32_t>(symbols.size());
  std::vector<int32_t> next(symbols.size()), previous(symbols.size());
  for (int32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  std::priority_queue<Candidate> queue;
  const auto consider = [&](int32_t position) {
    if (position < 0 || next[position] >= count) return;
    const int32_t left = symbols[position];
    const int32_t right = symbols[next[position]];
    const auto merge = merges_.find(pair_key(left, right));
    if (merge != merges_.end())
      queue.push({merge->second.rank, position, left, right, merge->second.result});
  };
  for (int32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const int32_t right = next[best.position];
    // Merged symbols are -1; a stale candidate no longer finds its pair.
    if (right >= count || symbols[best.position] != best.left || symbols[right] != best.right)
      continue;
    symbols[best.position] = best.result;
    symbols[right] = -1;
    next[best.position] = next[right];
    if (next[right] < count) previous[next[right]] = best.position;
    consider(previous[best.position]);
    consider(best.position);
  }
  std::erase(symbols, -1);
}

}  // namespace repro::data
