#pragma once
// The tokenizer of a published checkpoint, by its tokenizer.json: the tokens that the tokenizers
// library gives, in its order of work: added tokens are cut out of the text, what is between is
// normalised, cut into words, and the words' bytes or characters are merged.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/tokens/bpe.hpp"
#include "data/tokens/encoder.hpp"
#include "data/tokens/expression.hpp"
#include "exchange/tokenizer_json.hpp"

namespace repro::data {

class PublishedTokenizer final : public Encoder {
 public:
  // Error when the file says what is not honoured (exchange/tokenizer_json.hpp), or when
  // tokenizer_config.json beside it names no token that stands before a text.
  explicit PublishedTokenizer(const std::filesystem::path& tokenizer_json);

  // Error when the text is no UTF-8.
  void encode(std::string_view text, std::vector<int32_t>& out) override;
  int64_t vocabulary() const override { return file_.tokens; }
  int32_t before_text() const override { return before_text_; }
  const std::string& sha256() const override { return file_.sha256; }

 private:
  // Added tokens by their first byte, the longest first.
  using AddedTokens = std::map<char, std::vector<std::pair<std::string, int32_t>>>;

  AddedTokens added_tokens(bool normalized) const;
  static const std::pair<std::string, int32_t>* token_at(std::string_view text,
                                                         const AddedTokens& added);
  template <typename Use>
  void between(std::string_view text, const AddedTokens& added, std::vector<int32_t>& out,
               const Use& use) const;
  std::string normalised(std::string_view text) const;
  void encode_words(std::string_view text, std::vector<int32_t>& out);
  void encode_word(std::string_view word, std::vector<int32_t>& out);
  std::vector<int32_t> tokens_of(std::string_view word) const;
  size_t word_end(std::string_view text, size_t begin) const;
  bool spaces_begin_words() const;

  exchange::TokenizerFile file_;
  int32_t before_text_ = 0;
  AddedTokens plain_, normalized_;
  std::vector<std::optional<Expression>> steps_;  // of the normaliser, those that have one
  std::optional<Expression> words_;
  bool cuts_at_spaces_ = false;  // no piece has a space behind another character
  Bpe merges_;
  std::vector<int32_t> byte_tokens_;  // by byte
  std::unordered_map<std::string, std::vector<int32_t>> remembered_;
  size_t remembered_bytes_ = 0;
  std::string word_;  // the key looked up, reused
};

}  // namespace repro::data
