#pragma once
// Archives: .deb (with its inner data.tar.*), .zip and .whl, .tar compressed or not. Members stream
// by; nothing reaches the disk but through extract_members. A member named with "..", an absolute
// path, or a wanted member that is a link pointing out of the archive condemns the whole archive;
// so does whatever libarchive warns of.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/formats/glob.hpp"
#include "data/formats/input.hpp"

namespace repro::data {

bool is_archive(Input& input);

// The first `count` bytes, decompressed, of the first regular member that is not blank; consumes
// the archive.
std::string first_member_head(Input& archive, size_t count);

// Calls `visit` with each wanted regular file, in archive order; what it leaves unread is skipped.
// Zip members packed otherwise than by deflate or bzip2 are refused: the others' decoders take
// gigabytes where a file asks for them.
// Members that are links inside the archive are skipped: their targets are members themselves.
using VisitMember = std::function<void(const std::string& member, Input& content)>;
void for_each_member(Input& archive, const MemberFilter& filter, const VisitMember& visit);

// The same for a file, which may be a .deb: then the members are those of its data.tar.*.
void for_each_member(const std::filesystem::path& path, const MemberFilter& filter,
                     const VisitMember& visit, const config::CorpusLimits& limits = {});

// Writes the wanted members below `folder`, each atomically; Error when one of `filter.include`
// matches nothing.
void extract_members(const std::filesystem::path& archive, const MemberFilter& filter,
                     const std::filesystem::path& folder);

enum class Packing { zstd, bzip2 };
// Through libarchive's filter, that one alone.
std::unique_ptr<Input> expand(std::unique_ptr<Input> input, Packing packing);

}  // namespace repro::data
