#pragma once
// Which cluster each document of the train split belongs to. File format (little-endian),
// clusters.bin:
//
//   bytes 0..7    magic "REPROCLU"
//   8..11         uint32 version = 1
//   12..15        uint32 clusters K
//   16..23        uint64 documents D
//   24..          D uint16 cluster numbers, each < K

#include <cstdint>
#include <filesystem>
#include <vector>

namespace repro::methods {

struct Assignment {
  int64_t clusters = 0;
  std::vector<uint16_t> cluster;  // of each document

  std::vector<int64_t> documents_of(int64_t k) const;  // ascending
  std::vector<int64_t> sizes() const;                  // documents of each cluster
};

inline constexpr const char* kAssignmentFile = "clusters.bin";

void write_assignment(const std::filesystem::path& path, const Assignment& assignment);
// Error when the file is missing, truncated, or not of this format.
Assignment read_assignment(const std::filesystem::path& path);

}  // namespace repro::methods
