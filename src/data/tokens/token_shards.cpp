#include "data/tokens/token_shards.hpp"

#include <cstring>

#include "base/error.hpp"
#include "data/tokens/token_shards_writer.hpp"

namespace repro::data {
namespace {

template <typename T>
T load(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

PieceBytes load_piece_bytes(std::span<const std::byte> bytes, size_t begin) {
  PieceBytes pieces;
  pieces.newline = load<int32_t>(bytes, 108);
  pieces.end_of_text = load<int32_t>(bytes, 112);
  for (size_t at = begin; at < bytes.size(); at += sizeof(uint16_t)) {
    const auto entry = load<uint16_t>(bytes, at);
    pieces.bytes.push_back(entry >> 1);
    pieces.leading_space.push_back(entry & 1);
  }
  return pieces;
}

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error("{}: not a whole token shard: {}; prepare the corpus again", path.string(), why);
}

}  // namespace

TokenShards::TokenShards(const std::filesystem::path& path) : file_(path) {
  const auto bytes = file_.bytes();
  if (bytes.size() < kShardHeaderBytes || std::memcmp(bytes.data(), kShardMagic, 8) != 0)
    damaged(path, "it does not begin with a REPROTOK header");
  const auto version = load<uint32_t>(bytes, 8);
  if (version != kShardVersion)
    damaged(path, fmt::format("its version is {}, expected {}", version, kShardVersion));
  token_bytes_ = load<uint32_t>(bytes, 12);
  if (token_bytes_ != 2 && token_bytes_ != 4)
    damaged(path, fmt::format("{} bytes per token, expected 2 or 4", token_bytes_));
  const auto tokens = load<uint64_t>(bytes, 16);
  const auto documents = load<uint64_t>(bytes, 24);
  // Counts larger than the file would overflow the sizes computed next.
  if (tokens > bytes.size() || documents > bytes.size())
    damaged(path, fmt::format("it has {} bytes, fewer than its counts say", bytes.size()));
  const uint64_t offsets_begin = kShardHeaderBytes + (tokens * token_bytes_ + 7) / 8 * 8;
  const uint64_t pieces_begin = offsets_begin + (documents + 1) * sizeof(uint64_t);
  const uint64_t expected = pieces_begin + load<uint32_t>(bytes, 104) * sizeof(uint16_t);
  if (bytes.size() != expected)
    damaged(path, fmt::format("it has {} bytes, its header says {}", bytes.size(), expected));
  tokens_ = static_cast<int64_t>(tokens);
  documents_ = static_cast<int64_t>(documents);
  text_bytes_ = static_cast<int64_t>(load<uint64_t>(bytes, 32));
  tokenizer_sha256_.assign(reinterpret_cast<const char*>(bytes.data()) + 40, 64);
  data_ = bytes.data() + kShardHeaderBytes;
  offsets_ = reinterpret_cast<const uint64_t*>(bytes.data() + offsets_begin);
  if (offsets_[0] != 0 || offsets_[documents] != tokens)
    damaged(path, "its documents do not cover its tokens");
  for (uint64_t i = 0; i < documents; ++i)
    if (offsets_[i] > offsets_[i + 1]) damaged(path, fmt::format("document {} ends early", i));
  piece_bytes_ = load_piece_bytes(bytes, pieces_begin);
}

void TokenShards::read(int64_t begin, std::span<int32_t> out) const {
  check(begin >= 0 && begin + static_cast<int64_t>(out.size()) <= tokens_,
        "a read stays inside the split");
  if (out.empty()) return;
  if (token_bytes_ == 4) {
    std::memcpy(out.data(), data_ + begin * 4, out.size() * 4);
    return;
  }
  const auto* tokens = reinterpret_cast<const uint16_t*>(data_) + begin;
  for (size_t i = 0; i < out.size(); ++i) out[i] = tokens[i];
}

}  // namespace repro::data
