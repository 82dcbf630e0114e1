#include "trackers/event_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "base/file.hpp"

namespace repro::trackers {
namespace {

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78 : 0);
    table[byte] = value;
  }
  return table;
}

template <class Unsigned>
void put_fixed(std::string& bytes, Unsigned value) {
  for (size_t i = 0; i < sizeof(value); ++i)
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

void put_varint(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  bytes += static_cast<char>(value);
}

// Wire types of Protocol Buffers.
enum Wire : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_tag(std::string& bytes, uint64_t field, Wire wire) {
  put_varint(bytes, field << 3 | wire);
}

void put_bytes(std::string& bytes, uint64_t field, std::string_view value) {
  put_tag(bytes, field, kBytes);
  put_varint(bytes, value.size());
  bytes += value;
}

// A checksum of what holds checksums would be weak: TFRecord turns it and adds a number.
uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8; }

void put_record(std::string& file, const std::string& event) {
  std::string length;
  put_fixed(length, static_cast<uint64_t>(event.size()));
  file += length;
  put_fixed(file, masked(crc32c(length)));
  file += event;
  put_fixed(file, masked(crc32c(event)));
}

std::string event_begin(double time) {
  std::string event;
  put_tag(event, 1, kFixed64);  // wall_time
  put_fixed(event, std::bit_cast<uint64_t>(time));
  return event;
}

std::string scalar_event(const std::string& tag, const Point& point) {
  std::string value, summary, event = event_begin(point.time);
  put_bytes(value, 1, tag);
  put_tag(value, 2, kFixed32);  // simple_value
  put_fixed(value, std::bit_cast<uint32_t>(static_cast<float>(point.value)));
  put_bytes(summary, 1, value);
  put_tag(event, 2, kVarint);  // step
  put_varint(event, static_cast<uint64_t>(point.step));
  put_bytes(event, 5, summary);
  return event;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = make_table();
  uint32_t crc = ~0U;
  for (const char c : bytes)
    crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::string event_file(const TrackedRun& run) {
  std::string file, head = event_begin(static_cast<double>(run.started_seconds));
  put_bytes(head, 3, "brain.Event:2");
  put_record(file, head);
  struct Tagged {
    const std::string* tag;
    const Point* point;
  };
  const auto curves = curves_of(run);
  std::vector<Tagged> points;
  for (const auto& [tag, curve] : curves)
    for (const Point& point : curve) points.push_back({&tag, &point});
  // TensorBoard takes a step that goes back for a restart and drops what came after it.
  std::stable_sort(points.begin(), points.end(),
                   [](const Tagged& a, const Tagged& b) { return a.point->step < b.point->step; });
  for (const Tagged& one : points) put_record(file, scalar_event(*one.tag, *one.point));
  return file;
}

int64_t write_event_files(const std::vector<TrackedRun>& runs, const fs::path& folder) {
  int64_t written = 0;
  for (const TrackedRun& run : runs) {
    if (run.records.steps.empty() && run.records.evals.empty()) continue;
    make_directories(folder / run.directory);
    const std::string name = fmt::format("events.out.tfevents.{:010}.repro", run.started_seconds);
    write_file_atomically(folder / run.directory / name, event_file(run));
    ++written;
  }
  return written;
}

}  // namespace repro::trackers
