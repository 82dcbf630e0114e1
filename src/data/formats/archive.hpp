#pragma once
// Archives: .deb (with its inner data.tar.*), .zip and .whl, .tar compressed or not. Members stream
// by; nothing reaches the disk but through extract_members. A member named with "..", an absolute
// path, or a wanted member that is a link pointing out of the archive condemns the whole archive.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/formats/input.hpp"

namespace repro::data {

// `*` and `?` stay inside one path component, `**` crosses them ("usr/share/**/*.html" also matches
// usr/share/a.html).
bool matches_glob(const std::string& glob, const std::string& path);

// Which members are wanted: any of `include` (empty = all) and none of `exclude`.
struct MemberFilter {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool wants(const std::string& member) const;
};

bool is_archive(Input& input);

// The first `count` bytes, decompressed, of the first regular member that is not blank; consumes
// the archive.
std::string first_member_head(Input& archive, size_t count);

// Calls `visit` with each wanted regular file, in archive order; what it leaves unread is skipped.
// Members that are links inside the archive are skipped: their targets are members themselves.
using VisitMember = std::function<void(const std::string& member, Input& content)>;
void for_each_member(Input& archive, const MemberFilter& filter, const VisitMember& visit);

// The same for a file, which may be a .deb: then the members are those of its data.tar.*.
void for_each_member(const std::filesystem::path& path, const MemberFilter& filter,
                     const VisitMember& visit);

// Writes the wanted members below `folder`, each atomically; Error when one of `filter.include`
// matches nothing.
void extract_members(const std::filesystem::path& archive, const MemberFilter& filter,
                     const std::filesystem::path& folder);

// zstd, xz and bzip2 (through libarchive's filters).
std::unique_ptr<Input> expand(std::unique_ptr<Input> input);

}  // namespace repro::data
