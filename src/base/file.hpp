#pragma once
// Files as this project needs them: whole reads, atomic writes, appends that reach the disk, memory
// maps, and a lock. Every failure is an Error naming the path and the system's reason.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace repro {

namespace fs = std::filesystem;

// Error for a system call that failed with `code` (errno): "PATH: cannot ACTION: why; way out".
// What the machine lacks or breaks (space, descriptors, memory, its disk) is run_failed, the rest
// is bad_input.
[[noreturn]] void fail_with_system(const fs::path& path, std::string_view action, int code);

std::string read_file(const fs::path& path);

// Writes to a temporary beside `path`, syncs, renames: a reader sees the old bytes or the new,
// never half.
void write_file_atomically(const fs::path& path, std::string_view bytes);
// The same without the sync, for files by the thousand that can be made again: when the machine
// itself goes down, one may be empty.
void replace_file(const fs::path& path, std::string_view bytes);

void make_directories(const fs::path& path);

// Whether a file or folder is what an atomic write leaves when its process is killed: NAME.tmpPID
// of no living process.
bool is_leftover(const fs::path& path);
// Removes such files from `folder`. Never fails.
void remove_leftovers(const fs::path& folder) noexcept;

// ${XDG_CACHE_HOME:-$HOME/.cache}/repro: downloads and cleaned corpora, shared by all runs/
// folders.
fs::path cache_directory();

// The folder that holds experiments/ and hardware_profiles/: `root_option` if given, else the
// nearest of the working directory and its parents, else the source tree of this build, else
// share/repro.
fs::path find_root(const std::optional<fs::path>& root_option);

// Appends whole lines; each line is one write(2), so a killed process leaves at most one torn line.
class LineWriter {
 public:
  explicit LineWriter(const fs::path& path);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void write(std::string_view line);  // without the newline
  void sync();

 private:
  fs::path path_;
  int descriptor_ = -1;
};

// A read-only memory map of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// An exclusive advisory lock on a file, held while the object lives; empty when another process has
// it. It is flock(2), which Linux keeps on an NFS server as a lock of the whole file, so it holds
// between machines too; the server drops it when the lease of a dead machine ends. Error where the
// file system keeps no locks.
class FileLock {
 public:
  static std::optional<FileLock> try_acquire(const fs::path& path);
  // Whether another process has it. Writes nothing, so it works on a read-only file system.
  static bool is_held(const fs::path& path);
  static FileLock acquire(const fs::path& path);  // waits
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace repro
