#include "data/tokens/token_shards_writer.hpp"

#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace repro::data {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are little-endian");

template <typename T>
void store(std::string& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

}  // namespace

TokenShardsWriter::TokenShardsWriter(const std::filesystem::path& path, PieceBytes pieces,
                                     std::string tokenizer_sha256)
    : file_(path),
      token_bytes_(pieces.pieces() <= 65'536 ? 2 : 4),
      pieces_(std::move(pieces)),
      tokenizer_sha256_(std::move(tokenizer_sha256)) {
  check(tokenizer_sha256_.size() == 64, "a SHA-256 has 64 hex digits");
  file_.write(std::string(kShardHeaderBytes, '\0'));
}

void TokenShardsWriter::add_document(std::span<const int32_t> tokens, int64_t text_bytes) {
  if (token_bytes_ == 4) {
    file_.write(std::as_bytes(tokens));
  } else {
    const std::vector<uint16_t> narrow(tokens.begin(), tokens.end());
    file_.write(std::as_bytes(std::span(narrow)));
  }
  offsets_.push_back(offsets_.back() + tokens.size());
  text_bytes_ += text_bytes;
}

void TokenShardsWriter::finish() {
  const size_t data_bytes = offsets_.back() * token_bytes_;
  file_.write(std::string((8 - data_bytes % 8) % 8, '\0'));
  file_.write(std::as_bytes(std::span(offsets_)));
  std::vector<uint16_t> entries;
  for (size_t i = 0; i < pieces_.bytes.size(); ++i)
    entries.push_back(static_cast<uint16_t>(pieces_.bytes[i] << 1 | pieces_.leading_space[i]));
  file_.write(std::as_bytes(std::span(entries)));
  std::string header(kShardHeaderBytes, '\0');
  header.replace(0, 8, kShardMagic, 8);
  store(header, 8, kShardVersion);
  store(header, 12, token_bytes_);
  store<uint64_t>(header, 16, offsets_.back());
  store<uint64_t>(header, 24, offsets_.size() - 1);
  store<uint64_t>(header, 32, static_cast<uint64_t>(text_bytes_));
  header.replace(40, 64, tokenizer_sha256_);
  store(header, 104, static_cast<uint32_t>(pieces_.pieces()));
  store(header, 108, pieces_.newline);
  store(header, 112, pieces_.end_of_text);
  file_.overwrite(0, header);
  file_.commit();
}

}  // namespace repro::data
