#include "base/hash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"

namespace repro {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  // It is there; what it needs of memory may not be.
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw Error(Exit::run_failed, "out of memory for a SHA-256");
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest;
  EVP_DigestFinal_ex(state_->context, digest.data(), nullptr);
  std::string text;
  for (unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_hex_of_file(const std::filesystem::path& path) {
  return sha256_hex_of_start(path, std::numeric_limits<int64_t>::max());
}

// Not through a stream: those take a disk's error for the end of the file.
std::string sha256_hex_of_start(const std::filesystem::path& path, int64_t bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_with_system(path, "open", errno);
  Sha256 hash;
  std::vector<char> buffer(1 << 16);  // most files of a run are small
  while (bytes > 0) {
    const size_t wanted = std::min<size_t>(buffer.size(), static_cast<size_t>(bytes));
    const ssize_t got = ::read(descriptor, buffer.data(), wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int code = errno;
      ::close(descriptor);
      fail_with_system(path, "read", code);
    }
    if (got == 0) break;
    hash.update({buffer.data(), static_cast<size_t>(got)});
    bytes -= got;
  }
  ::close(descriptor);
  return hash.hex();
}

std::string md5_hex(std::string_view bytes) {
  std::array<unsigned char, 16> digest;
  check(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr) == 1,
        "MD5 is available");
  std::string text;
  for (unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

uint64_t hash_tokens(uint64_t state, std::span<const int32_t> tokens) {
  for (int32_t token : tokens) state = mix64(state ^ static_cast<uint32_t>(token));
  return state;
}

}  // namespace repro
