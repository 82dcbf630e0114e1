#include "data/sources/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <thread>

#include "base/error.hpp"

namespace repro::data {
namespace {

namespace fs = std::filesystem;
using Progress = std::function<void(double, double)>;

enum class Attempt { done, repeat, restart };

// The partial file, and what libcurl's callbacks need to know.
struct Transfer {
  fs::path part;
  int descriptor = -1;
  int64_t have = 0;  // bytes in the partial file
  int64_t begun_at = 0;
  int64_t expected = 0;
  int write_error = 0;
  const Progress* progress = nullptr;
  std::exception_ptr stopped;  // what `progress` threw: it must not pass through C code

  Transfer(const fs::path& path, int64_t expected_bytes)
      : part(path.string() + ".part"), expected(expected_bytes) {
    descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) throw Error("{}: cannot open: {}", part.string(), std::strerror(errno));
    have = begun_at = ::lseek(descriptor, 0, SEEK_END);
  }
  ~Transfer() { ::close(descriptor); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  void start_over() {
    if (::ftruncate(descriptor, 0) != 0) write_error = errno;
    ::lseek(descriptor, 0, SEEK_SET);
    have = begun_at = 0;
  }
};

size_t on_data(char* data, size_t, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  for (size_t written = 0; written < count;) {
    const ssize_t got = ::write(transfer.descriptor, data + written, count - written);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      transfer.write_error = errno;
      return 0;
    }
    written += static_cast<size_t>(got);
  }
  transfer.have += static_cast<int64_t>(count);
  return count;
}

int on_progress(void* user, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  const int64_t all = total > 0 ? transfer.begun_at + total : transfer.expected;
  try {
    (*transfer.progress)(static_cast<double>(transfer.have), static_cast<double>(all));
    return 0;
  } catch (...) {
    transfer.stopped = std::current_exception();
    return 1;
  }
}

struct CleanUp {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

void configure(CURL* handle, const std::string& address, Transfer& transfer, char* reason,
               const DownloadOptions& options) {
  curl_easy_setopt(handle, CURLOPT_URL, address.c_str());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1000L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "repro/" REPRO_VERSION);
  curl_easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.have));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

bool worth_repeating(CURLcode code, long status) {
  if (code == CURLE_HTTP_RETURNED_ERROR) return status >= 500 || status == 429;
  return code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL;
}

Attempt try_once(const std::string& address, Transfer& transfer, const Progress& progress,
                 const DownloadOptions& options, bool last) {
  const std::unique_ptr<CURL, CleanUp> handle(curl_easy_init());
  check(handle != nullptr, "libcurl starts");
  char reason[CURL_ERROR_SIZE] = "";
  transfer.progress = &progress;
  transfer.begun_at = transfer.have;
  configure(handle.get(), address, transfer, reason, options);
  const CURLcode code = curl_easy_perform(handle.get());
  if (transfer.stopped) std::rethrow_exception(transfer.stopped);
  if (transfer.write_error != 0)
    throw Error(Exit::run_failed,
                "{}: cannot write: {}; free some space and run the same command again",
                transfer.part.string(), std::strerror(transfer.write_error));
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  // The server ignores ranges, or has no such range because the partial file is another file's;
  // libcurl calls the latter success.
  if (transfer.begun_at > 0 && (status == 416 || code == CURLE_RANGE_ERROR))
    return Attempt::restart;
  if (code == CURLE_OK) return Attempt::done;
  if (!last && worth_repeating(code, status)) return Attempt::repeat;
  throw Error(Exit::run_failed, "{}: cannot download: {}; run the same command again to go on",
              address, *reason != '\0' ? reason : curl_easy_strerror(code));
}

}  // namespace

void download(const std::string& address, const fs::path& path, int64_t expected_bytes,
              const Progress& progress, const DownloadOptions& options) {
  static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
  check(kStarted == CURLE_OK, "libcurl starts");
  Transfer transfer(path, expected_bytes);
  double pause = options.pause_seconds;
  for (int attempt = 1;; ++attempt) {
    const Attempt outcome =
        try_once(address, transfer, progress, options, attempt >= options.tries);
    if (outcome == Attempt::done) break;
    if (outcome == Attempt::restart) transfer.start_over();
    if (outcome == Attempt::repeat) {
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
      pause *= 2;
    }
  }
  if (::fsync(transfer.descriptor) != 0)
    throw Error(Exit::run_failed, "{}: cannot sync: {}", transfer.part.string(),
                std::strerror(errno));
  fs::rename(transfer.part, path);
}

}  // namespace repro::data
