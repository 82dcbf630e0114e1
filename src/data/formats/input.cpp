#include "data/formats/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.hpp"
#include "data/formats/archive.hpp"
#include "data/formats/inflate.hpp"

namespace repro::data {
namespace {

constexpr size_t kChunk = 1 << 16;

// zstd's frames of other data, which parallel compressors put before the first: a magic of sixteen,
// the length, and so many bytes. False when the next frame is none.
bool skip_zstd_frame(Input& input) {
  const std::string_view head = input.peek(8);
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(head[at]); };
  if (head.size() < 8 || byte(0) < 0x50 || byte(0) > 0x5f || head.substr(1, 3) != "\x2a\x4d\x18")
    return false;
  size_t rest = 8;
  for (size_t at = 0; at < 4; ++at) rest += static_cast<size_t>(byte(4 + at)) << (8 * at);
  std::vector<char> skipped(std::min(rest, kChunk));
  while (rest > 0) {
    const size_t got = input.read(std::span(skipped).first(std::min(rest, skipped.size())));
    if (got == 0) throw Error("{}: the zstd stream is cut short", input.name());
    rest -= got;
  }
  return true;
}

class FileInput final : public Input {
 public:
  FileInput(const std::filesystem::path& path, const config::CorpusLimits& limits)
      : Input(path.string(), std::make_shared<Budget>(limits), 0),
        descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw Error("{}: cannot open: {}", name(), std::strerror(errno));
  }
  ~FileInput() override { ::close(descriptor_); }

 private:
  size_t read_some(std::span<char> out) override {
    while (true) {
      const ssize_t got = ::read(descriptor_, out.data(), out.size());
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) throw Error("{}: cannot read: {}", name(), std::strerror(errno));
    }
  }
  int descriptor_;
};

class Borrowed final : public Input {
 public:
  explicit Borrowed(Input& input)
      : Input(input.name(), input.budget(), input.depth()), input_(input) {}

 private:
  size_t read_some(std::span<char> out) override { return input_.read(out); }
  void count(size_t) override {}
  Input& input_;
};

struct Unread {
  std::string_view magic;
  const char* name;
};

// Packings that other readers hand to a program of their own, and formats that are no text.
void refuse_unread(Input& input) {
  using namespace std::string_view_literals;
  constexpr std::array<Unread, 9> kUnread = {{{"LRZI"sv, "lrzip"},
                                              {"\x89LZO"sv, "lzop"},
                                              {"LZIP"sv, "lzip"},
                                              {"\x04\x22\x4d\x18"sv, "lz4"},
                                              {"\x1f\x9d"sv, "compress"},
                                              {"7z\xbc\xaf\x27\x1c"sv, "7z"},
                                              {"Rar!\x1a\x07"sv, "rar"},
                                              {"%PDF-"sv, "PDF"},
                                              {"\x28\xb5\x2f\xfe"sv, "an old zstd"}}};
  for (const Unread& unread : kUnread)
    if (input.peek(unread.magic.size()) == unread.magic)
      throw Error("{}: packed as {}, which is not read here; unpack it first", input.name(),
                  unread.name);
}

}  // namespace

Input::Input(std::string name, std::shared_ptr<Budget> budget, size_t depth)
    : name_(std::move(name)), budget_(std::move(budget)), depth_(depth) {
  budget_->enter(name_, depth_);
}

void Input::count(size_t bytes) {
  if (depth_ == 0) return budget_->read(bytes);
  budget_->expand(name_, depth_, bytes, taken_);
}

size_t Input::take(std::span<char> out) {
  const size_t got = read_some(out);
  taken_ += static_cast<int64_t>(got);
  count(got);
  return got;
}

size_t Input::read(std::span<char> out) {
  if (ahead_begin_ == ahead_.size()) return out.empty() ? 0 : take(out);
  const size_t count = std::min(out.size(), ahead_.size() - ahead_begin_);
  std::memcpy(out.data(), ahead_.data() + ahead_begin_, count);
  ahead_begin_ += count;
  return count;
}

std::string_view Input::peek(size_t count) {
  ahead_.erase(0, std::exchange(ahead_begin_, 0));
  while (ahead_.size() < count) {
    const size_t have = ahead_.size();
    ahead_.resize(count);
    const size_t got = take({ahead_.data() + have, count - have});
    ahead_.resize(have + got);
    if (got == 0) break;
  }
  return std::string_view(ahead_).substr(0, count);
}

std::unique_ptr<Input> open_input(const std::filesystem::path& path,
                                  const config::CorpusLimits& limits) {
  return std::make_unique<FileInput>(path, limits);
}

std::unique_ptr<Input> borrow(Input& input) { return std::make_unique<Borrowed>(input); }

std::unique_ptr<Input> decompress(std::unique_ptr<Input> input) {
  using namespace std::string_view_literals;
  while (skip_zstd_frame(*input)) {
  }
  const std::string_view magic = input->peek(6);
  if (magic.starts_with("\x1f\x8b"sv)) return gunzip(std::move(input));
  if (magic.starts_with("\xfd\x37zXZ\0"sv)) return unxz(std::move(input));
  if (magic.starts_with("\x28\xb5\x2f\xfd"sv)) return expand(std::move(input), Packing::zstd);
  if (magic.starts_with("BZh"sv)) return expand(std::move(input), Packing::bzip2);
  refuse_unread(*input);
  return input;
}

std::string read_all(Input& input) {
  const int64_t limit = input.budget()->limits().memory_bytes;
  std::string bytes;
  while (true) {
    const size_t have = bytes.size();
    bytes.resize(have + kChunk);
    const size_t got = input.read({bytes.data() + have, kChunk});
    bytes.resize(have + got);
    if (got == 0) return bytes;
    if (static_cast<int64_t>(bytes.size()) > limit)
      fail_limit(input.name(), "too large to be held in memory", "memory_bytes", limit);
  }
}

bool LineReader::next(std::string_view& line) {
  size_t searched = begin_;
  while (true) {
    const size_t newline = buffer_.find('\n', searched);
    if (newline != std::string::npos || (ended_ && begin_ < buffer_.size())) {
      const size_t end = std::min(newline, buffer_.size());
      line = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = std::min(end + 1, buffer_.size());
      if (line.ends_with('\r')) line.remove_suffix(1);
      return true;
    }
    if (ended_) return false;
    buffer_.erase(0, std::exchange(begin_, 0));
    searched = buffer_.size();
    if (buffer_.size() > limit_)
      throw Error("{}: a line of more than {} bytes; is this a file of lines?", input_.name(),
                  limit_);
    buffer_.resize(searched + kChunk);
    const size_t got = input_.read({buffer_.data() + searched, kChunk});
    buffer_.resize(searched + got);
    ended_ = got == 0;
  }
}

}  // namespace repro::data
