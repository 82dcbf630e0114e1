#pragma once
// One HTTP(S) download, resumed where an earlier try stopped.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace repro::data {

struct DownloadOptions {
  int tries = 3;               // a try that fails for the network's sake is repeated
  double pause_seconds = 1.0;  // before the second try; doubled for each further one
  int64_t stall_seconds = 60;  // less than 1 kB/s for this long counts as failed
};

// Downloads `address` to `path`. Bytes go to `path`.part, which survives a failure and is continued
// by the next call; a server that ignores ranges starts from zero. `expected_bytes` is for the
// progress only when the server does not say (0 = unknown). Error (run_failed) naming address and
// reason: HTTP status, no network, disk full.
void download(const std::string& address, const std::filesystem::path& path, int64_t expected_bytes,
              const std::function<void(double done_bytes, double total_bytes)>& progress,
              const DownloadOptions& options = {});

}  // namespace repro::data
