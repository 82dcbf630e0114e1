#pragma once
// Writes one split's token shard (format: data/token_shards.hpp), document by document. The file
// appears under its name only when finish() returns.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.hpp"
#include "data/tokens/piece_bytes.hpp"

namespace repro::data {

inline constexpr char kShardMagic[] = "REPROTOK";
inline constexpr uint32_t kShardVersion = 2;
inline constexpr size_t kShardHeaderBytes = 128;

class TokenShardsWriter {
 public:
  // The number of pieces chooses 2 or 4 bytes a token.
  TokenShardsWriter(const std::filesystem::path& path, PieceBytes pieces,
                    std::string tokenizer_sha256);

  // `tokens` ends with the end-of-text token; `text_bytes` are the UTF-8 bytes they stand for.
  void add_document(std::span<const int32_t> tokens, int64_t text_bytes);
  void finish();

  int64_t tokens() const { return static_cast<int64_t>(offsets_.back()); }
  int64_t documents() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t text_bytes() const { return text_bytes_; }

 private:
  AtomicFile file_;
  uint32_t token_bytes_;
  PieceBytes pieces_;
  std::string tokenizer_sha256_;
  std::vector<uint64_t> offsets_ = {0};
  int64_t text_bytes_ = 0;
};

}  // namespace repro::data
