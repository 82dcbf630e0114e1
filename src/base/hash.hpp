#pragma once
// Hashes: SHA-256 (OpenSSL) for content addresses and checksums, and a small rolling hash of token
// ids that proves two runs saw the same data in the same order.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace repro {

std::string sha256_hex(std::string_view bytes);                     // 64 lower-case hex digits
std::string sha256_base64(std::string_view bytes);                  // as web pages name a script
std::string sha256_hex_of_file(const std::filesystem::path& path);  // streams
// Of the file's first `bytes`, or of all of it where it has fewer.
std::string sha256_hex_of_start(const std::filesystem::path& path, int64_t bytes);

// MD5 as an even, well-known spreader of texts over buckets; not for anything an enemy may choose.
std::string md5_hex(std::string_view bytes);  // 32 lower-case hex digits

// SHA-256 of a stream.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void update(std::string_view bytes);
  std::string hex();  // call once, last

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Order-sensitive 64-bit hash of a token stream, continued from `state` (0 at the start of a run).
uint64_t hash_tokens(uint64_t state, std::span<const int32_t> tokens);

}  // namespace repro
