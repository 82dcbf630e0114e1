#pragma once
// The Llama-2 tokenizer, read from a Hugging Face tokenizers JSON (model BPE, byte_fallback, space
// as U+2581): only to look tokens up in a published embedding table.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/tokens/bpe.hpp"

namespace repro::data {

class LlamaTokenizer {
 public:
  // Error when the file is not such a tokenizer.
  explicit LlamaTokenizer(const std::filesystem::path& json_file);

  static constexpr int32_t kBeginOfText = 1;  // <s>, which published encodings begin with

  int64_t vocabulary() const { return static_cast<int64_t>(ids_.size()); }
  // The tokens of UTF-8 text, without <s>. Not thread-safe: it remembers words.
  void encode(std::string_view text, std::vector<int32_t>& out);

 private:
  std::vector<int32_t> symbols_of(std::string_view word) const;

  std::unordered_map<std::string, int32_t> ids_;
  Bpe merges_;
  int32_t bytes_[256];
  std::unordered_map<std::string, std::vector<int32_t>> words_;
  std::string word_;  // the key looked up, reused
};

}  // namespace repro::data
