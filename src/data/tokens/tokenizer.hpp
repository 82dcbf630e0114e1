#pragma once
// A byte-fallback BPE over UTF-8 text (sentencepiece): any text can be encoded, and decoding gives
// back its bytes. Paragraphs are encoded one by one, as they were learnt; the newline between two
// is one token. Does not normalise.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/tokens/encoder.hpp"
#include "data/tokens/piece_bytes.hpp"

namespace repro::data {

// How often each word of a text occurs: all that learning a tokenizer needs of it.
class WordCounts {
 public:
  void add(std::string_view text);
  const std::unordered_map<std::string, int64_t>& counts() const { return counts_; }

 private:
  std::unordered_map<std::string, int64_t> counts_;
};

// Learns a model of `vocabulary` pieces and returns its bytes: the same words give the same bytes.
// Error when the vocabulary does not fit the text.
std::string train_tokenizer(const WordCounts& words, int64_t vocabulary);

class Tokenizer final : public Encoder {
 public:
  explicit Tokenizer(const std::filesystem::path& model);
  ~Tokenizer() override;

  int64_t vocabulary() const override;
  int32_t end_of_text() const;  // closes every document
  int32_t before_text() const override { return end_of_text(); }
  const std::string& sha256() const override { return sha256_; }

  void encode(std::string_view text, std::vector<int32_t>& out) override;
  // The text of tokens; end-of-text tokens give nothing and end a document.
  std::string decode(std::span<const int32_t> tokens) const;
  // How many bytes of such a text each token is.
  PieceBytes piece_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string sha256_;
};

}  // namespace repro::data
