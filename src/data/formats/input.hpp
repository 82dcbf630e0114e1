#pragma once
// Streams of bytes that may be compressed and may hold archives, recognised by their first bytes
// and never by name: gzip, zstd, xz, bzip2. Inputs nest (a .deb holds a .tar.xz), and nothing is
// held in memory but buffers. How far they may expand is budget.hpp's.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "data/formats/budget.hpp"

namespace repro::data {

class Input {
 public:
  // `depth`: archives and compressions between it and the file, whose budget all share.
  Input(std::string name, std::shared_ptr<Budget> budget, size_t depth);
  virtual ~Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Up to out.size() bytes; 0 only at the end. Error when the bytes are damaged.
  size_t read(std::span<char> out);
  // The first bytes of what is left, at most `count`, without consuming them.
  std::string_view peek(size_t count);
  // What messages call it: a path, or "a.deb: data.tar.xz".
  const std::string& name() const { return name_; }
  const std::shared_ptr<Budget>& budget() const { return budget_; }
  size_t depth() const { return depth_; }

 protected:
  virtual size_t read_some(std::span<char> out) = 0;
  // Counts what read_some() gave; nothing where another Input has counted it.
  virtual void count(size_t bytes);

 private:
  size_t take(std::span<char> out);

  std::string name_;
  std::shared_ptr<Budget> budget_;
  size_t depth_;
  int64_t taken_ = 0;
  std::string ahead_;  // peeked, from ahead_begin_ on
  size_t ahead_begin_ = 0;
};

std::unique_ptr<Input> open_input(const std::filesystem::path& path,
                                  const config::CorpusLimits& limits = {});
// Reads on from `input`, which must live as long.
std::unique_ptr<Input> borrow(Input& input);

// The plain bytes of `input`, whatever it is compressed with; `input` itself when it is not.
// Concatenated members and frames are one stream. Checksums are verified. No other program is ever
// started: what is packed in a way that is not read here (lrzip, 7z, ...) is an Error that says so.
std::unique_ptr<Input> decompress(std::unique_ptr<Input> input);

// Everything left. Error when it is longer than the budget's memory_bytes, so that a damaged or
// hostile file cannot fill the memory.
std::string read_all(Input& input);

// One line at a time, of any input; lines longer than `limit` bytes are an Error.
class LineReader {
 public:
  explicit LineReader(Input& input, size_t limit = size_t{64} << 20)
      : input_(input), limit_(limit) {}
  // False at the end. `line` has neither newline nor carriage return and is valid until the next
  // call.
  bool next(std::string_view& line);

 private:
  Input& input_;
  size_t limit_;
  std::string buffer_;
  size_t begin_ = 0;
  bool ended_ = false;
};

}  // namespace repro::data
