#include "data/formats/archive.hpp"

#include <algorithm>
#include <set>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "data/formats/archive_reader.hpp"

namespace repro::data {
namespace {

class ExpandedInput final : public Input {
 public:
  ExpandedInput(std::unique_ptr<Input> source, Packing packing)
      : Input(source->name(), source->budget(), source->depth() + 1),
        source_(std::move(source)),
        reader_(*source_) {
    reader_.open_stream(packing);
    empty_ = !reader_.next();
  }

 private:
  size_t read_some(std::span<char> out) override { return empty_ ? 0 : reader_.read(out); }

  std::unique_ptr<Input> source_;
  ArchiveReader reader_;
  bool empty_ = false;
};

class MemberInput final : public Input {
 public:
  MemberInput(ArchiveReader& reader, const std::string& member)
      : Input(reader.name() + ": " + member, reader.source().budget(), reader.source().depth() + 1),
        reader_(reader) {}

 private:
  size_t read_some(std::span<char> out) override { return reader_.read(out); }
  ArchiveReader& reader_;
};

bool leaves_root(const std::filesystem::path& path) {
  if (path.is_absolute()) return true;
  int depth = 0;
  for (const auto& part : path) {
    if (part == "..")
      --depth;
    else if (part != "." && !part.empty())
      ++depth;
    if (depth < 0) return true;
  }
  return false;
}

// The member's name without a leading "./". Names with ".." are refused even where they stay
// inside: no honest archive has them.
std::string safe_name(const std::string& archive, const ArchiveMember& member) {
  if (member.name.empty()) throw Error("{}: a member without a readable name", archive);
  std::string name = member.name;
  while (name.starts_with("./")) name.erase(0, 2);
  const std::filesystem::path path = name;
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (climbs || path.is_absolute())
    throw Error("{}: member '{}' would leave the folder it is unpacked into; refused", archive,
                member.name);
  return name;
}

void refuse_escaping_link(const std::string& archive, const std::string& name,
                          const ArchiveMember& member) {
  const std::filesystem::path target = member.symlink;
  const bool escapes =
      (!member.symlink.empty() &&
       leaves_root(target.is_absolute() ? target
                                        : std::filesystem::path(name).parent_path() / target)) ||
      (!member.hardlink.empty() && leaves_root(member.hardlink));
  if (escapes)
    throw Error("{}: member '{}' is a link to '{}', outside the archive; refused", archive, name,
                member.symlink.empty() ? member.hardlink : member.symlink);
}

}  // namespace

bool is_archive(Input& input) {
  const std::string_view head = input.peek(512);
  return head.starts_with("!<arch>\n") || head.starts_with("PK\x03\x04") ||
         (head.size() == 512 && head.substr(257, 5) == "ustar");
}

std::string first_member_head(Input& archive, size_t count) {
  ArchiveReader reader(archive);
  reader.open_archive();
  while (const auto member = reader.next()) {
    if (!member->regular) continue;
    const auto content = decompress(std::make_unique<MemberInput>(reader, member->name));
    const std::string head(content->peek(count));
    if (!trim(head).empty()) return head;
  }
  return "";
}

void for_each_member(Input& archive, const MemberFilter& filter, const VisitMember& visit) {
  ArchiveReader reader(archive);
  reader.open_archive();
  while (const auto member = reader.next()) {
    archive.budget()->add_member(archive.name());
    const std::string name = safe_name(reader.name(), *member);
    if (!filter.wants(name)) continue;
    refuse_escaping_link(reader.name(), name, *member);
    if (!member->regular || !member->hardlink.empty()) continue;
    MemberInput content(reader, name);
    visit(name, content);
  }
}

void for_each_member(const std::filesystem::path& path, const MemberFilter& filter,
                     const VisitMember& visit, const config::CorpusLimits& limits) {
  const auto file = decompress(open_input(path, limits));
  if (file->peek(8) != "!<arch>\n") {
    for_each_member(*file, filter, visit);
    return;
  }
  bool found = false;
  for_each_member(*file, {.include = {"data.tar*"}, .exclude = {}},
                  [&](const std::string&, Input& content) {
                    found = true;
                    for_each_member(*decompress(borrow(content)), filter, visit);
                  });
  if (!found) throw Error("{}: not a Debian package: it has no data.tar", path.string());
}

void extract_members(const std::filesystem::path& archive, const MemberFilter& filter,
                     const std::filesystem::path& folder) {
  std::set<std::string> missing(filter.include.begin(), filter.include.end());
  for_each_member(archive, filter, [&](const std::string& member, Input& content) {
    make_directories((folder / member).parent_path());
    AtomicFile file(folder / member);
    std::vector<char> buffer(1 << 16);
    while (const size_t got = content.read(buffer))
      file.write(std::string_view(buffer.data(), got));
    file.commit();
    std::erase_if(missing, [&](const std::string& glob) { return matches_glob(glob, member); });
  });
  if (!missing.empty()) throw Error("{}: holds no member '{}'", archive.string(), *missing.begin());
}

std::unique_ptr<Input> expand(std::unique_ptr<Input> input, Packing packing) {
  return std::make_unique<ExpandedInput>(std::move(input), packing);
}

}  // namespace repro::data
