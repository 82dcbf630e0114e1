#include "data/formats/inflate.hpp"

#include <zlib.h>

#include <vector>

#include "base/error.hpp"

namespace repro::data {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, gzip wrapping only

class GzipInput final : public Input {
 public:
  explicit GzipInput(std::unique_ptr<Input> source)
      : Input(source->name()), source_(std::move(source)), buffer_(1 << 16) {
    check(inflateInit2(&stream_, kGzipWindow) == Z_OK, "zlib starts");
  }
  ~GzipInput() override { inflateEnd(&stream_); }

 private:
  size_t read_some(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out == out.size()) {
      if (stream_.avail_in == 0) refill();
      if (between_members_) skip_padding();
      if (stream_.avail_in == 0 && between_members_) return 0;
      if (stream_.avail_in == 0) throw Error("{}: the gzip stream is cut short", name());
      between_members_ = false;
      step();
    }
    return out.size() - stream_.avail_out;
  }

  void step() {
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {  // the CRC and the length were right; another member may follow
      inflateReset(&stream_);
      between_members_ = true;
    } else if (code != Z_OK) {
      throw Error("{}: damaged gzip stream: {}", name(),
                  stream_.msg != nullptr ? stream_.msg : "no progress");
    }
  }

  // Members are padded with zeros to the blocks of a tape or a disk.
  void skip_padding() {
    while (true) {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in > 0) return;
      refill();
      if (stream_.avail_in == 0) return;
    }
  }

  void refill() {
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(source_->read(buffer_));
  }

  std::unique_ptr<Input> source_;
  std::vector<char> buffer_;
  z_stream stream_ = {};
  bool between_members_ = false;
};

}  // namespace

std::unique_ptr<Input> gunzip(std::unique_ptr<Input> input) {
  return std::make_unique<GzipInput>(std::move(input));
}

std::string inflate_block(std::string_view compressed, size_t bytes, const std::string& where) {
  std::string out(bytes, '\0');
  uLongf length = bytes;
  const int code = uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                              reinterpret_cast<const Bytef*>(compressed.data()), compressed.size());
  if (code != Z_OK || length != bytes)
    throw Error("{}: damaged zlib block: {} bytes, expected {}", where, length, bytes);
  return out;
}

}  // namespace repro::data
