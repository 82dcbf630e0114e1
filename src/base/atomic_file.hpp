#pragma once
// A file written piece by piece that appears under its name only when it is whole: bytes go to a
// temporary beside it, commit() syncs and renames. Without commit() the destructor removes the
// temporary, so a failure or an exception leaves the old file as it was.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace repro {

class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);  // buffered; Error when the disk is full
  void write(std::span<const std::byte> bytes);
  // Replaces bytes already written, at `offset` from the start: for headers known last.
  void overwrite(size_t offset, std::string_view bytes);
  void commit();  // call once, last

 private:
  void flush();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  std::string buffer_;
};

}  // namespace repro
