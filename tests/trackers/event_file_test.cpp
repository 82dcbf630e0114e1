#include "trackers/event_file.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cstring>

#include "trackers/tracked_fake.hpp"

namespace repro::trackers {
namespace {

template <class Unsigned>
Unsigned read_fixed(std::string_view bytes, size_t at) {
  Unsigned value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

// TFRecord's own mask, undone.
uint32_t unmasked(uint32_t masked) {
  const uint32_t turned = masked - 0xa282ead8;
  return (turned >> 17) | (turned << 15);
}

// The bytes of each record, whose checksums must hold.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  for (size_t at = 0; at < file.size();) {
    const auto length = read_fixed<uint64_t>(file, at);
    CHECK(unmasked(read_fixed<uint32_t>(file, at + 8)) == crc32c(file.substr(at, 8)));
    records.push_back(file.substr(at + 12, length));
    CHECK(unmasked(read_fixed<uint32_t>(file, at + 12 + length)) == crc32c(records.back()));
    at += 16 + length;
  }
  return records;
}

}  // namespace

TEST_CASE("CRC-32C is that of RFC 3720", "[trackers]") {
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c("") == 0);
}

TEST_CASE("an event file has a head and one event a point, each sealed", "[trackers]") {
  const FakeStore store;
  const auto records = records_of(event_file(store.track("train-a")));
  REQUIRE(records.size() == 1 + 3 * 7 + 2);
  CHECK(records[0].substr(9) ==
        "\x1a\x0d"
        "brain.Event:2");
  CHECK(read_fixed<double>(records[0], 1) == 1769860800);
  size_t losses = 0;
  for (const std::string& record : records) {
    const size_t tag = record.find("train/loss");
    if (tag == std::string::npos) continue;
    ++losses;
    // The tag is followed by field 2, a 32-bit float.
    CHECK(record[tag + 10] == 0x15);
    const float value = std::bit_cast<float>(read_fixed<uint32_t>(record, tag + 11));
    CHECK(value == (losses == 3 ? static_cast<float>(kThirdLoss) : 5.0F));
  }
  CHECK(losses == 3);
}

TEST_CASE("a run without curves makes no event file", "[trackers]") {
  const FakeStore store;
  TrackedRun empty = store.track("train-a");
  empty.records = {};
  CHECK(write_event_files({empty}, store.path() / "out") == 0);
  CHECK(write_event_files({store.track("train-a")}, store.path() / "out") == 1);
  CHECK(fs::exists(store.path() / "out/train-a/events.out.tfevents.1769860800.repro"));
}

}  // namespace repro::trackers
