#include "data/formats/archive_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <cerrno>
#include <exception>

#include "base/error.hpp"
#include "data/formats/zip_end.hpp"

namespace repro::data {
namespace {

// libarchive turns names into the locale's characters and warns where it cannot: here names are
// UTF-8 or the bytes that stand in the archive.
class Utf8Names {
 public:
  Utf8Names() : before_(::uselocale(utf8())) {}
  ~Utf8Names() { ::uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t kUtf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kUtf8;  // null where the system has none: then uselocale() changes nothing
  }
  locale_t before_;
};

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

ArchiveReader::ArchiveReader(Input& source)
    : source_(source), buffer_(1 << 16), handle_(archive_read_new()) {}

ArchiveReader::~ArchiveReader() { archive_read_free(handle_); }

std::string_view ArchiveReader::take() {
  const std::string_view bytes(buffer_.data(), source_.read(buffer_));
  taken_ += bytes.size();
  tail_ += bytes;
  if (tail_.size() > 2 * kLongestZipEnd) tail_.erase(0, tail_.size() - kLongestZipEnd);
  return bytes;
}

void ArchiveReader::open() {
  const auto pull = [](archive* handle, void* self, const void** bytes) -> la_ssize_t {
    auto* reader = static_cast<ArchiveReader*>(self);
    *bytes = reader->buffer_.data();
    try {
      return static_cast<la_ssize_t>(reader->take().size());
    } catch (const Error& error) {  // must not cross C code; thrown again by require()
      reader->source_error_ = std::current_exception();
      archive_set_error(handle, EIO, "%s", error.what());
      return ARCHIVE_FATAL;
    }
  };
  require(archive_read_open(handle_, this, nullptr, pull, nullptr));
}

void ArchiveReader::open_archive() {
  archive_read_support_format_tar(handle_);
  // One tar behind another is one archive: what follows the first end mark is not lost.
  archive_read_set_format_option(handle_, "tar", "read_concatenated_archives", "1");
  archive_read_support_format_zip_streamable(handle_);
  archive_read_support_format_ar(handle_);
  open();
}

void ArchiveReader::open_stream(Packing packing) {
  archive_read_support_format_raw(handle_);
  archive_read_support_format_empty(handle_);
  // Not archive_read_append_filter(): then a stream that is damaged from its beginning is an empty
  // one.
  const auto add = packing == Packing::zstd ? archive_read_support_filter_zstd
                                            : archive_read_support_filter_bzip2;
  add(handle_);
  open();
}

std::optional<ArchiveMember> ArchiveReader::next() {
  const Utf8Names names;
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(handle_, &entry);
  if (code == ARCHIVE_EOF) {
    require_end();
    return std::nullopt;
  }
  const bool named = entry != nullptr && !is_format(ARCHIVE_FORMAT_RAW);
  member_ = named ? text_or_empty(archive_entry_pathname(entry)) : "";
  require(code);
  ++members_;
  refuse_hungry_packing();
  return ArchiveMember{member_, text_or_empty(archive_entry_symlink(entry)),
                       text_or_empty(archive_entry_hardlink(entry)),
                       archive_entry_filetype(entry) == AE_IFREG};
}

size_t ArchiveReader::read(std::span<char> out) {
  la_ssize_t got = ARCHIVE_RETRY;
  while (got == ARCHIVE_RETRY) got = archive_read_data(handle_, out.data(), out.size());
  if (got < 0) require(static_cast<int>(got));
  return static_cast<size_t>(got);
}

// A warning is an error as well: a wrong checksum is one, and here there is no half a member.
void ArchiveReader::require(int code) {
  if (source_error_) std::rethrow_exception(source_error_);
  if (code == ARCHIVE_OK) return;
  const char* reason = archive_error_string(handle_);
  const std::string place =
      member_.empty() ? name() : fmt::format("{}: member '{}'", name(), member_);
  throw Error("{} is damaged or cut short: {}", place, reason != nullptr ? reason : "unreadable");
}

bool ArchiveReader::is_format(int base) const {
  return (archive_format(handle_) & ARCHIVE_FORMAT_BASE_MASK) == base;
}

// An archive that was cut between two members looks whole but for what stands at its end: the zeros
// of a tar, the directory of a zip.
void ArchiveReader::require_end() {
  constexpr size_t kBlock = 512;
  const size_t zeros = tail_.size() - (tail_.find_last_not_of('\0') + 1);  // npos + 1 is 0
  std::optional<std::string> problem;
  if (is_format(ARCHIVE_FORMAT_TAR) && zeros < kBlock) problem = "the tar archive has no end mark";
  if (is_format(ARCHIVE_FORMAT_ZIP)) {
    while (!take().empty()) {
    }
    problem = zip_end_problem(tail_, taken_, members_);
  }
  if (problem) throw Error("{} is damaged or cut short: {}", name(), *problem);
}

// liblzma and PPMd take the memory that a member asks for.
void ArchiveReader::refuse_hungry_packing() const {
  const char* format = archive_format_name(handle_);
  if (format == nullptr || !is_format(ARCHIVE_FORMAT_ZIP)) return;
  for (const char* packing : {"lzma", "xz", "ppmd"})
    if (std::string_view(format).find(packing) != std::string_view::npos)
      throw Error("{}: member '{}' is packed by {}, which is not read here; pack it by deflate",
                  name(), member_, packing);
}

}  // namespace repro::data
