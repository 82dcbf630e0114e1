#pragma once
// How far one file may expand. Whatever leaves a decompressor or an archive is counted against
// config::CorpusLimits; what goes beyond is an Error that names the limit and how to raise it.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/corpus.hpp"

namespace repro::data {

// Error: "FILE: WHAT; the limit NAME is ALLOWED: ...".
[[noreturn]] void fail_limit(const std::string& file, const std::string& what,
                             std::string_view limit, int64_t allowed);

class Budget {
 public:
  explicit Budget(const config::CorpusLimits& limits = {}) : limits_(limits) {}
  const config::CorpusLimits& limits() const { return limits_; }

  // The file itself gave `bytes` more.
  void read(size_t bytes) { read_ += static_cast<int64_t>(bytes); }
  // A stream `depth` archives and compressions deep gave `bytes` more, `stream_bytes` in all.
  void expand(const std::string& stream, size_t depth, size_t bytes, int64_t stream_bytes);
  // A stream of this depth is opened; one more member of an archive; one more document.
  void enter(const std::string& stream, size_t depth) const;
  void add_member(const std::string& archive);
  void add_record(const std::string& file, size_t bytes);

 private:
  config::CorpusLimits limits_;
  int64_t read_ = 0;
  int64_t members_ = 0;
  int64_t records_ = 0;
  std::vector<int64_t> expanded_;  // by depth
};

// Error (run_failed) when fewer than `bytes` and limits.free_bytes are free where `folder` is.
void require_free_disk(const std::filesystem::path& folder, int64_t bytes,
                       const config::CorpusLimits& limits);

}  // namespace repro::data
