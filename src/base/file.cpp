#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/error.hpp"

namespace repro {
namespace {

[[noreturn]] void fail(const fs::path& path, const char* action) {
  const int code = errno;
  const char* way_out = code == ENOSPC ? "; free some space and run the same command again" : "";
  throw Error(code == ENOSPC ? Exit::run_failed : Exit::bad_input, "{}: cannot {}: {}{}",
              path.string(), action, std::strerror(code), way_out);
}

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

bool is_root(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path / "experiments", ignored) &&
         fs::is_directory(path / "hardware_profiles", ignored);
}

}  // namespace

std::string read_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open");
  std::string bytes;
  struct stat status;
  if (::fstat(descriptor, &status) == 0) bytes.reserve(static_cast<size_t>(status.st_size));
  std::vector<char> buffer(1 << 16);
  while (true) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      ::close(descriptor);
      fail(path, "read");
    }
    if (got == 0) break;
    bytes.append(buffer.data(), static_cast<size_t>(got));
  }
  ::close(descriptor);
  return bytes;
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  const fs::path temporary = path.string() + ".tmp" + std::to_string(::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(path, "create");
  try {
    write_all(descriptor, bytes, path);
    if (::fsync(descriptor) != 0) fail(path, "sync");
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "rename into place");
}

void make_directories(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) throw Error("{}: cannot create the directory: {}", path.string(), code.message());
}

fs::path cache_directory() {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  if (xdg != nullptr && *xdg != '\0') return fs::path(xdg) / "repro";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw Error("no cache directory: neither XDG_CACHE_HOME nor HOME is set; set one of them");
  return fs::path(home) / ".cache" / "repro";
}

fs::path find_root(const std::optional<fs::path>& root_option) {
  if (root_option) {
    if (is_root(*root_option)) return fs::canonical(*root_option);
    throw Error(
        "{}: holds no experiments/ and hardware_profiles/; give --root the folder that does",
        root_option->string());
  }
  for (fs::path folder = fs::current_path();; folder = folder.parent_path()) {
    if (is_root(folder)) return folder;
    if (folder == folder.root_path()) break;
  }
  const fs::path installed = fs::read_symlink("/proc/self/exe").parent_path() / "../share/repro";
  for (const fs::path& folder : {installed, fs::path(REPRO_SOURCE_ROOT)})
    if (is_root(folder)) return fs::canonical(folder);
  throw Error("no experiments/ folder found from {} upwards; give --root",
              fs::current_path().string());
}

LineWriter::LineWriter(const fs::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(path, "open for appending");
}

LineWriter::~LineWriter() { ::close(descriptor_); }

void LineWriter::write(std::string_view line) {
  std::string bytes(line);
  bytes += '\n';
  write_all(descriptor_, bytes, path_);
}

void LineWriter::sync() {
  if (::fsync(descriptor_) != 0) fail(path_, "sync");
}

MappedFile::MappedFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open");
  struct stat status;
  if (::fstat(descriptor, &status) != 0) {
    ::close(descriptor);
    fail(path, "inspect");
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ > 0) {
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) {
      ::close(descriptor);
      fail(path, "map");
    }
    data_ = static_cast<const std::byte*>(address);
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

std::optional<FileLock> FileLock::try_acquire(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(path, "open");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return FileLock(descriptor);
  ::close(descriptor);
  return std::nullopt;
}

FileLock FileLock::acquire(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(path, "open");
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) fail(path, "lock");
  }
  return FileLock(descriptor);
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace repro
