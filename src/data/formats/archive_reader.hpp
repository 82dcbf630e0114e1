#pragma once
// libarchive, pulling its bytes from an Input: members of archives, and streams packed by zstd or
// bzip2. Whatever libarchive warns of is an Error; no other program is ever started.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/formats/archive.hpp"
#include "data/formats/input.hpp"

struct archive;

namespace repro::data {

struct ArchiveMember {
  std::string name;               // as it stands in the archive
  std::string symlink, hardlink;  // targets, of links
  bool regular = false;
};

class ArchiveReader {
 public:
  explicit ArchiveReader(Input& source);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  Input& source() { return source_; }
  const std::string& name() const { return source_.name(); }

  // One of the two, once: as tar, zip or ar; as one packed stream, a member without a name.
  void open_archive();
  void open_stream(Packing packing);

  // Nothing at the end. Error when that is not the archive's own end.
  std::optional<ArchiveMember> next();
  // Bytes of the member that next() came to; 0 at its end.
  size_t read(std::span<char> out);

 private:
  std::string_view take();
  void open();
  void require(int code);
  bool is_format(int base) const;
  void require_end();
  void refuse_hungry_packing() const;

  Input& source_;
  std::vector<char> buffer_;
  std::exception_ptr source_error_;
  std::string member_;  // the one that next() came to
  uint64_t members_ = 0;
  uint64_t taken_ = 0;  // bytes of the source
  std::string tail_;    // their last, as far as an archive's end may reach back
  archive* handle_;
};

}  // namespace repro::data
