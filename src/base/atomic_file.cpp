#include "base/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"

namespace repro {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

[[noreturn]] void fail_to(const char* action, const std::filesystem::path& path) {
  fail_with_system(path, action, errno);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path)
    : path_(path), temporary_(path.string() + ".tmp" + std::to_string(::getpid())) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_to("create", path_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  buffer_ += bytes;
  if (buffer_.size() > kBufferBytes) flush();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void AtomicFile::overwrite(size_t offset, std::string_view bytes) {
  flush();
  errno = EIO;  // a write that ends early gives no reason
  const ssize_t written =
      ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (written != static_cast<ssize_t>(bytes.size())) fail_to("write", path_);
}

void AtomicFile::commit() {
  flush();
  if (::fsync(descriptor_) != 0) fail_to("sync", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_to("rename into place", path_);
  ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_to("write", path_);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

}  // namespace repro
