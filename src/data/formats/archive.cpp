#include "data/formats/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <set>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace repro::data {
namespace {

// libarchive, pulling its bytes from an Input.
class Reader {
 public:
  explicit Reader(Input& source) : source_(source), buffer_(1 << 16) {
    archive_read_support_filter_all(handle_);
  }
  ~Reader() { archive_read_free(handle_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  archive* handle() { return handle_; }
  const std::string& name() const { return source_.name(); }

  void open() { require(archive_read_open(handle_, this, nullptr, &Reader::pull, nullptr)); }

  // Null at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(handle_, &entry);
    if (code == ARCHIVE_EOF) return nullptr;
    require(code);
    const char* member = archive_entry_pathname(entry);
    member_ = member != nullptr ? member : "";
    return entry;
  }

  size_t read(std::span<char> out) {
    la_ssize_t got = ARCHIVE_RETRY;
    while (got == ARCHIVE_RETRY) got = archive_read_data(handle_, out.data(), out.size());
    if (got >= 0) return static_cast<size_t>(got);
    require(static_cast<int>(got));
    // Less than a failure to libarchive, like a wrong checksum; here there is no half a member.
    const char* reason = archive_error_string(handle_);
    throw Error("{}: member '{}' is damaged: {}", name(), member_,
                reason != nullptr ? reason : "unreadable");
  }

 private:
  static la_ssize_t pull(archive* handle, void* self, const void** bytes) {
    auto* reader = static_cast<Reader*>(self);
    *bytes = reader->buffer_.data();
    try {
      return static_cast<la_ssize_t>(reader->source_.read(reader->buffer_));
    } catch (const Error& error) {  // must not cross C code; said again by require()
      reader->source_error_ = error.what();
      archive_set_error(handle, EIO, "%s", error.what());
      return ARCHIVE_FATAL;
    }
  }

  void require(int code) {
    if (!source_error_.empty()) throw Error("{}", source_error_);
    if (code >= ARCHIVE_WARN && code != ARCHIVE_RETRY) return;
    const char* reason = archive_error_string(handle_);
    throw Error("{}: damaged or cut short: {}", name(), reason != nullptr ? reason : "unreadable");
  }

  Input& source_;
  std::vector<char> buffer_;
  std::string source_error_;
  std::string member_;  // the one that next() came to
  archive* handle_ = archive_read_new();
};

class ExpandedInput final : public Input {
 public:
  explicit ExpandedInput(std::unique_ptr<Input> source)
      : Input(source->name()), source_(std::move(source)), reader_(*source_) {
    archive_read_support_format_raw(reader_.handle());
    archive_read_support_format_empty(reader_.handle());
    reader_.open();
    empty_ = reader_.next() == nullptr;
  }

 private:
  size_t read_some(std::span<char> out) override { return empty_ ? 0 : reader_.read(out); }

  std::unique_ptr<Input> source_;
  Reader reader_;
  bool empty_ = false;
};

class MemberInput final : public Input {
 public:
  MemberInput(Reader& reader, const std::string& member)
      : Input(reader.name() + ": " + member), reader_(reader) {}

 private:
  size_t read_some(std::span<char> out) override { return reader_.read(out); }
  Reader& reader_;
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
std::string safe_name(const std::string& archive, const char* raw) {
  if (raw == nullptr) throw Error("{}: a member without a readable name", archive);
  std::string name = raw;
  while (name.starts_with("./")) name.erase(0, 2);
  const std::filesystem::path path = name;
  const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
  if (climbs || path.is_absolute())
    throw Error("{}: member '{}' would leave the folder it is unpacked into; refused", archive,
                raw);
  return name;
}

void refuse_escaping_link(const std::string& archive, const std::string& name,
                          archive_entry* entry) {
  const char* symbolic = archive_entry_symlink(entry);
  const char* hard = archive_entry_hardlink(entry);
  const bool escapes = (symbolic != nullptr &&
                        leaves_root(std::filesystem::path(symbolic).is_absolute()
                                        ? std::filesystem::path(symbolic)
                                        : std::filesystem::path(name).parent_path() / symbolic)) ||
                       (hard != nullptr && leaves_root(hard));
  if (escapes)
    throw Error("{}: member '{}' is a link to '{}', outside the archive; refused", archive, name,
                symbolic != nullptr ? symbolic : hard);
}

bool match_here(std::string_view glob, std::string_view path) {
  while (!glob.empty()) {
    if (glob.starts_with("**/")) {
      const std::string_view rest = glob.substr(3);
      for (size_t at = 0; at != std::string_view::npos; at = path.find('/', at)) {
        if (at > 0) ++at;
        if (match_here(rest, path.substr(at))) return true;
      }
      return false;
    }
    if (glob.front() == '*') {
      const bool deep = glob.starts_with("**");
      const std::string_view rest = glob.substr(deep ? 2 : 1);
      for (size_t length = 0; length <= path.size(); ++length) {
        if (match_here(rest, path.substr(length))) return true;
        if (!deep && length < path.size() && path[length] == '/') return false;
      }
      return false;
    }
    if (path.empty() || (glob.front() == '?' ? path.front() == '/' : path.front() != glob.front()))
      return false;
    glob.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace

bool matches_glob(const std::string& glob, const std::string& path) {
  return match_here(glob, path);
}

bool MemberFilter::wants(const std::string& member) const {
  const auto matches = [&](const std::string& glob) { return matches_glob(glob, member); };
  return (include.empty() || std::any_of(include.begin(), include.end(), matches)) &&
         std::none_of(exclude.begin(), exclude.end(), matches);
}

bool is_archive(Input& input) {
  const std::string_view head = input.peek(512);
  return head.starts_with("!<arch>\n") || head.starts_with("PK\x03\x04") ||
         (head.size() == 512 && head.substr(257, 5) == "ustar");
}

namespace {

void open_archive(Reader& reader) {
  archive_read_support_format_tar(reader.handle());
  archive_read_support_format_zip_streamable(reader.handle());
  archive_read_support_format_ar(reader.handle());
  reader.open();
}

}  // namespace

std::string first_member_head(Input& archive, size_t count) {
  Reader reader(archive);
  open_archive(reader);
  while (archive_entry* entry = reader.next()) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const auto content =
        decompress(std::make_unique<MemberInput>(reader, archive_entry_pathname(entry)));
    const std::string head(content->peek(count));
    if (!trim(head).empty()) return head;
  }
  return "";
}

void for_each_member(Input& archive, const MemberFilter& filter, const VisitMember& visit) {
  Reader reader(archive);
  open_archive(reader);
  while (archive_entry* entry = reader.next()) {
    const std::string name = safe_name(reader.name(), archive_entry_pathname(entry));
    if (!filter.wants(name)) continue;
    refuse_escaping_link(reader.name(), name, entry);
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      continue;
    MemberInput content(reader, name);
    visit(name, content);
  }
}

void for_each_member(const std::filesystem::path& path, const MemberFilter& filter,
                     const VisitMember& visit) {
  const auto file = open_input(path);
  if (file->peek(8) != "!<arch>\n") {
    for_each_member(*file, filter, visit);
    return;
  }
  bool found = false;
  for_each_member(*file, {.include = {"data.tar*"}, .exclude = {}},
                  [&](const std::string&, Input& content) {
                    found = true;
                    for_each_member(content, filter, visit);
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

std::unique_ptr<Input> expand(std::unique_ptr<Input> input) {
  return std::make_unique<ExpandedInput>(std::move(input));
}

}  // namespace repro::data
