#pragma once
// Token shards: the token ids of one split of a prepared corpus, memory-mapped. File format (all
// little-endian), <split>.tokens:
//
//   bytes 0..7    magic "REPROTOK"
//   8..11         uint32 version = 2
//   12..15        uint32 bytes per token: 2 (vocabulary <= 65,536) or 4
//   16..23        uint64 token count N
//   24..31        uint64 document count D
//   32..39        uint64 UTF-8 bytes of the split's text
//   40..103       64 hex digits: SHA-256 of the tokenizer model
//   104..107      uint32 pieces of the tokenizer V
//   108..115      int32 newline token, int32 end-of-text token; -1 = none
//   116..127      zero
//   128..         N tokens; padded with zeros to a multiple of 8
//   then          D + 1 uint64 token offsets: document i is tokens [offset[i], offset[i+1])
//   then          V uint16: UTF-8 bytes of a piece x 2, + 1 if it begins with a space
//
// Every document ends with the end-of-text token, which its span includes.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/file.hpp"
#include "data/tokens/piece_bytes.hpp"

namespace repro::data {

class TokenShards {
 public:
  // Error when the file is missing, truncated, or not of this format.
  explicit TokenShards(const std::filesystem::path& path);

  int64_t tokens() const { return tokens_; }
  int64_t documents() const { return documents_; }
  int64_t text_bytes() const { return text_bytes_; }
  const std::string& tokenizer_sha256() const { return tokenizer_sha256_; }
  int64_t document_begin(int64_t document) const {
    return static_cast<int64_t>(offsets_[document]);
  }
  int64_t document_end(int64_t document) const {
    return static_cast<int64_t>(offsets_[document + 1]);
  }
  // UTF-8 bytes of the text that each token stands for.
  const PieceBytes& piece_bytes() const { return piece_bytes_; }
  // Copies tokens [begin, begin + out.size()) of the split.
  void read(int64_t begin, std::span<int32_t> out) const;

 private:
  MappedFile file_;
  int64_t tokens_ = 0;
  int64_t documents_ = 0;
  int64_t text_bytes_ = 0;
  uint32_t token_bytes_ = 2;
  std::string tokenizer_sha256_;
  PieceBytes piece_bytes_;
  const std::byte* data_ = nullptr;
  const uint64_t* offsets_ = nullptr;
};

}  // namespace repro::data
