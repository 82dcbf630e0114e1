#pragma once
// What the targets share. A target is one file: it defines read(), which gives bytes that anybody
// may have written to one parser. The parser may return, or throw Error; a signal, another
// exception, a sanitizer's word and an end that never comes are what libFuzzer looks for. What is
// read must also hold what the target requires of it, or it was misread and nobody was told.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace repro::fuzz {

void read(std::string_view bytes);

// The bytes as a file that lies nowhere on the disk, for parsers that open paths.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    check(written == static_cast<ssize_t>(bytes.size()), "memory holds the input");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// ./run counts a target that ends with this line as silent.
[[noreturn]] inline void misread(const std::string& what) {
  std::fprintf(stderr, "silent: %s\n", what.c_str());
  std::abort();
}

inline void require(bool holds, const char* what) {
  if (!holds) misread(std::string("not so: ") + what);
}

// Bad input ends in an Error, which says something.
template <typename Parse>
void attempt(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    require(*error.what() != '\0', "an error says what is wrong");
  }
}

// The first byte, taken off, chooses one of so many ways to read the rest.
inline size_t choose(std::string_view& bytes, size_t ways) {
  if (bytes.empty()) return 0;
  const auto way = static_cast<unsigned char>(bytes.front()) % ways;
  bytes.remove_prefix(1);
  return way;
}

// What stands before the first `mark`, taken off with it.
inline std::string_view take_until(std::string_view& bytes, char mark) {
  const std::string_view part = bytes.substr(0, bytes.find(mark));
  bytes.remove_prefix(part.size() < bytes.size() ? part.size() + 1 : part.size());
  return part;
}

}  // namespace repro::fuzz
