#pragma once
// One HTTP(S) download, resumed where an earlier try stopped.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "config/corpus.hpp"

namespace repro::data {

struct DownloadOptions {
  int tries = 3;                     // a try that fails for the network's sake is repeated
  double pause_seconds = 1.0;        // before the second try; doubled for each further one
  int64_t stall_seconds = 60;        // less than 1 kB/s for this long counts as failed
  bool verified = false;             // the caller knows the file's SHA-256 and compares it
  config::CorpusLimits limits = {};  // member_bytes and free_bytes
};

// Downloads `address` to `path`. Bytes go to `path`.part, which survives a failure and is continued
// by the next call where the server says that its file is still the same one (`path`.part.tag holds
// its word) or the caller compares hashes; else, and where the server ignores ranges, it starts
// from zero. A server is not believed: one that says no length must send `expected_bytes` (0 =
// unknown) or a file that is verified. Error (run_failed) naming address and reason: HTTP status,
// no network, disk full, a length or range that is not what was said.
void download(const std::string& address, const std::filesystem::path& path, int64_t expected_bytes,
              const std::function<void(double done_bytes, double total_bytes)>& progress,
              const DownloadOptions& options = {});

}  // namespace repro::data
