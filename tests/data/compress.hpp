#pragma once
// Compressed bytes for tests, made by libarchive's writers.

#include <archive.h>
#include <archive_entry.h>

#include <string>

namespace repro {

enum class Compression { none, gzip, zstd, xz, bzip2 };

inline std::string compress(const std::string& bytes, Compression compression) {
  if (compression == Compression::none) return bytes;
  archive* out = archive_write_new();
  archive_write_set_format_raw(out);
  if (compression == Compression::gzip) archive_write_add_filter_gzip(out);
  if (compression == Compression::zstd) archive_write_add_filter_zstd(out);
  if (compression == Compression::xz) archive_write_add_filter_xz(out);
  if (compression == Compression::bzip2) archive_write_add_filter_bzip2(out);
  archive_write_set_bytes_in_last_block(out, 1);
  std::string result;
  archive_write_open(
      out, &result, nullptr,
      [](archive*, void* user, const void* data, size_t size) {
        static_cast<std::string*>(user)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
      },
      nullptr);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(out, entry);
  archive_write_data(out, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(out);
  archive_write_free(out);
  return result;
}

}  // namespace repro
