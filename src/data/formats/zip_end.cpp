#include "data/formats/zip_end.hpp"

#include <fmt/format.h>

namespace repro::data {
namespace {

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t at = bytes.size(); at-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at]);
  return value;
}

}  // namespace

std::optional<std::string> zip_end_problem(std::string_view tail, uint64_t bytes,
                                           uint64_t members) {
  constexpr size_t kRecord = 22, kLocator = 20;
  // Fields of this value stand in the records of zip64 in front of this one.
  constexpr uint64_t kElsewhere16 = 0xFFFF, kElsewhere32 = 0xFFFFFFFF;
  const size_t at = tail.rfind("PK\x05\x06");
  if (at == tail.npos || tail.size() - at < kRecord) return "the zip archive has no end";
  const std::string_view record = tail.substr(at);
  const uint64_t listed = little_endian(record.substr(10, 2));
  const uint64_t directory_bytes = little_endian(record.substr(12, 4));
  const uint64_t directory_begin = little_endian(record.substr(16, 4));
  if (kRecord + little_endian(record.substr(20, 2)) != record.size())
    return "there is more behind the end of the zip archive, or less";
  if (listed != kElsewhere16 && listed != members)
    return fmt::format("its directory lists {} members, it holds {}", listed, members);
  const bool zip64 = at >= kLocator && tail.substr(at - kLocator, 4) == "PK\x06\x07";
  if (zip64 || directory_bytes == kElsewhere32 || directory_begin == kElsewhere32)
    return std::nullopt;
  if (directory_begin + directory_bytes != bytes - record.size())
    return "its directory is not where its end says; are these several archives?";
  return std::nullopt;
}

}  // namespace repro::data
