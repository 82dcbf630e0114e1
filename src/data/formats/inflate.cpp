#include "data/formats/inflate.hpp"

#include <lzma.h>
#include <zlib.h>

#include <vector>

#include "base/error.hpp"

namespace repro::data {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, gzip wrapping only

class GzipInput final : public Input {
 public:
  explicit GzipInput(std::unique_ptr<Input> source)
      : Input(source->name(), source->budget(), source->depth() + 1),
        source_(std::move(source)),
        buffer_(1 << 16) {
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

class XzInput final : public Input {
 public:
  explicit XzInput(std::unique_ptr<Input> source)
      : Input(source->name(), source->budget(), source->depth() + 1),
        source_(std::move(source)),
        buffer_(1 << 16) {
    const auto memory = static_cast<uint64_t>(budget()->limits().memory_bytes);
    check(lzma_stream_decoder(&stream_, memory, LZMA_CONCATENATED) == LZMA_OK, "liblzma starts");
  }
  ~XzInput() override { lzma_end(&stream_); }

 private:
  size_t read_some(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    while (stream_.avail_out == out.size() && !ended_) {
      if (stream_.avail_in == 0) {
        stream_.next_in = reinterpret_cast<const uint8_t*>(buffer_.data());
        stream_.avail_in = source_->read(buffer_);
      }
      step(stream_.avail_in == 0 ? LZMA_FINISH : LZMA_RUN);
    }
    return out.size() - stream_.avail_out;
  }

  void step(lzma_action action) {
    const lzma_ret code = lzma_code(&stream_, action);
    ended_ = code == LZMA_STREAM_END;
    if (code == LZMA_OK || ended_) return;
    if (code == LZMA_MEMLIMIT_ERROR)
      fail_limit(name(), fmt::format("its dictionary takes {} bytes", lzma_memusage(&stream_)),
                 "memory_bytes", budget()->limits().memory_bytes);
    throw Error("{}: the xz stream is {}", name(),
                code == LZMA_BUF_ERROR ? "cut short" : "damaged");
  }

  std::unique_ptr<Input> source_;
  std::vector<char> buffer_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<Input> unxz(std::unique_ptr<Input> input) {
  return std::make_unique<XzInput>(std::move(input));
}

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
