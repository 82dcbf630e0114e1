#include "run/last_words.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro::run {
namespace {

constexpr size_t kPageBytes = 4096;

}  // namespace

LastWords::LastWords(const RunDirectory& directory)
    : failed_(directory.failed_file()),
      page_(failed_.string() + ".page.tmp" + std::to_string(::getpid())) {
  descriptor_ = ::open(page_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_with_system(page_, "create", errno);
  if (const int code = ::posix_fallocate(descriptor_, 0, kPageBytes); code != 0) {
    ::close(descriptor_);
    ::unlink(page_.c_str());
    fail_with_system(page_, "keep room in", code);
  }
}

LastWords::~LastWords() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(page_.c_str());
}

void LastWords::say(const std::string& one_line) {
  const std::string line = one_line.substr(0, kPageBytes - 1) + "\n";
  errno = EIO;  // a write that ends early gives no reason
  if (::pwrite(descriptor_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    fail_with_system(failed_, "write", errno);
  if (::ftruncate(descriptor_, static_cast<off_t>(line.size())) != 0 || ::fsync(descriptor_) != 0)
    fail_with_system(failed_, "write", errno);
  if (::rename(page_.c_str(), failed_.c_str()) != 0)
    fail_with_system(failed_, "rename into place", errno);
  ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace repro::run
