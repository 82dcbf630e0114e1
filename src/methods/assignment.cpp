#include "methods/assignment.hpp"

#include <cstring>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro::methods {
namespace {

constexpr std::string_view kMagic = "REPROCLU";
constexpr uint32_t kVersion = 1;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t clusters;
  uint64_t documents;
};
static_assert(sizeof(Header) == 24);

}  // namespace

std::vector<int64_t> Assignment::documents_of(int64_t k) const {
  std::vector<int64_t> documents;
  for (size_t i = 0; i < cluster.size(); ++i)
    if (cluster[i] == k) documents.push_back(static_cast<int64_t>(i));
  return documents;
}

std::vector<int64_t> Assignment::sizes() const {
  std::vector<int64_t> sizes(static_cast<size_t>(clusters));
  for (uint16_t k : cluster) ++sizes[k];
  return sizes;
}

void write_assignment(const std::filesystem::path& path, const Assignment& assignment) {
  Header header{};
  std::memcpy(header.magic, kMagic.data(), kMagic.size());
  header.version = kVersion;
  header.clusters = static_cast<uint32_t>(assignment.clusters);
  header.documents = assignment.cluster.size();
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(reinterpret_cast<const char*>(assignment.cluster.data()),
               assignment.cluster.size() * sizeof(uint16_t));
  write_file_atomically(path, bytes);
}

Assignment read_assignment(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  const auto damaged = [&](const char* what) {
    return Error("{}: {}; delete its folder and run again", path.string(), what);
  };
  Header header{};
  if (bytes.size() < sizeof header) throw damaged("truncated");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::string_view(header.magic, sizeof header.magic) != kMagic || header.version != kVersion)
    throw damaged("not a cluster assignment of this version");
  if (bytes.size() - sizeof header != header.documents * sizeof(uint16_t))
    throw damaged("its size differs from what its header says");

  Assignment assignment{header.clusters, std::vector<uint16_t>(header.documents)};
  std::memcpy(assignment.cluster.data(), bytes.data() + sizeof header,
              header.documents * sizeof(uint16_t));
  for (uint16_t k : assignment.cluster)
    if (k >= header.clusters) throw damaged("a cluster number lies outside its range");
  return assignment;
}

}  // namespace repro::methods
