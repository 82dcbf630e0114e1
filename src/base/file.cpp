#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro {
namespace {

[[noreturn]] void fail(const fs::path& path, const char* action) {
  fail_with_system(path, action, errno);
}

// Of what the machine lacks or breaks; nothing for what the user can name or permit otherwise.
const char* way_out_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space and run the same command again";
    case EIO:
      return "; the disk failed: see the system's log, then run the same command again";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n) and run the same command again";
    case ENOMEM:
      return "; free some memory and run the same command again";
    case ENOLCK:
      return "; its file system keeps no locks between machines: mount it with them (NFS: without "
             "nolock)";
    default:
      return nullptr;
  }
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

// The process of a temporary's name, NAME.tmp123; 0 = it is none.
pid_t owner_of_temporary(const std::string& name) {
  const size_t at = name.rfind(".tmp");
  if (at == std::string::npos || at + 4 == name.size()) return 0;
  pid_t owner = 0;
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + at + 4, end, owner);
  return error == std::errc() && rest == end && owner > 0 ? owner : 0;
}

// Fields of /proc/PID/stat from the third on, the state; none when there is no such process.
std::vector<std::string> process_fields(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(") ");
  return name_end == std::string::npos ? std::vector<std::string>()
                                       : split(line.substr(name_end + 2), ' ');
}

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
// By field 22.
double age_of(const std::vector<std::string>& fields) {
  constexpr size_t kStart = 22 - 3;
  if (fields.size() <= kStart) return 0;
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const double begun = std::strtod(fields[kStart].c_str(), nullptr);
  return seconds_of(since_boot) - begun / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double age_of(const fs::path& file) {
  struct stat status {};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return ::stat(file.c_str(), &status) == 0 ? seconds_of(now) - seconds_of(status.st_mtim) : 0;
}

// A killed process whose parent has not asked for it yet is dead, and so is one whose number
// another has now, which began after the file was written.
bool is_written_still(const fs::path& file, pid_t process) {
  constexpr double kClocksDiffer = 2;  // seconds
  if (::kill(process, 0) != 0 && errno == ESRCH) return false;
  const std::vector<std::string> fields = process_fields(process);
  if (fields.empty()) return true;
  return fields[0] != "Z" && age_of(file) < age_of(fields) + kClocksDiffer;
}

}  // namespace

void fail_with_system(const fs::path& path, std::string_view action, int code) {
  const char* way_out = way_out_of(code);
  throw Error(way_out != nullptr ? Exit::run_failed : Exit::bad_input, "{}: cannot {}: {}{}",
              path.string(), action, std::strerror(code), way_out != nullptr ? way_out : "");
}

std::string read_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open");
  struct stat status;
  const bool sized = ::fstat(descriptor, &status) == 0 && status.st_size > 0;
  // One byte more than it has, so that its end is seen without growing.
  std::string bytes(sized ? static_cast<size_t>(status.st_size) + 1 : 1 << 12, '\0');
  size_t size = 0;
  while (true) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int code = errno;
      ::close(descriptor);
      fail_with_system(path, "read", code);
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  ::close(descriptor);
  bytes.resize(size);
  return bytes;
}

namespace {

void replace(const fs::path& path, std::string_view bytes, bool synced) {
  const fs::path temporary = path.string() + ".tmp" + std::to_string(::getpid());
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(path, "create");
  try {
    write_all(descriptor, bytes, path);
    if (synced && ::fsync(descriptor) != 0) fail(path, "sync");
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), path.c_str()) == 0) return;
  const int code = errno;
  ::unlink(temporary.c_str());
  fail_with_system(path, "rename into place", code);
}

}  // namespace

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  replace(path, bytes, true);
}

void replace_file(const fs::path& path, std::string_view bytes) { replace(path, bytes, false); }

void make_directories(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) fail_with_system(path, "create the directory", code.value());
}

bool is_leftover(const fs::path& path) {
  const pid_t owner = owner_of_temporary(path.filename().string());
  return owner != 0 && !is_written_still(path, owner);
}

void remove_leftovers(const fs::path& folder) noexcept {
  std::error_code ignored;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator at(folder, ignored), end; at != end && !ignored;
       at.increment(ignored))
    if (is_leftover(at->path())) leftovers.push_back(at->path());
  for (const fs::path& leftover : leftovers) fs::remove(leftover, ignored);
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
  const int code = errno;
  ::close(descriptor);
  // Where nothing can be locked nothing is: two writers would both go on.
  if (code != EWOULDBLOCK && code != EINTR) fail_with_system(path, "lock", code);
  return std::nullopt;
}

bool FileLock::is_held(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) return false;
  if (descriptor < 0) fail(path, "open");
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
  ::close(descriptor);
  return held;
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
