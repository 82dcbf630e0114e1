#include "data/sources/download.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "data/formats/budget.hpp"

namespace repro::data {
namespace {

namespace fs = std::filesystem;
using Progress = std::function<void(double, double)>;

enum class Attempt { done, repeat, restart };

// What the headers of the last answer say.
struct Answer {
  std::string validator;  // a strong ETag, else the date of the file
  std::string range;      // "bytes 100-299/300"
  bool chunked = false;   // its end is marked
};

// The partial file, and what libcurl's callbacks need to know.
struct Transfer {
  fs::path part;
  int descriptor = -1;
  int64_t have = 0;  // bytes in the partial file
  int64_t begun_at = 0;
  int64_t expected = 0;
  int write_error = 0;
  int64_t unchecked = 0;  // bytes written since the disk was looked at
  const Progress* progress = nullptr;
  const DownloadOptions* options = nullptr;
  std::exception_ptr stopped;  // what a callback threw: it must not pass through C code
  Answer answer;

  Transfer(const fs::path& path, int64_t expected_bytes, const DownloadOptions& how)
      : part(path.string() + ".part"), expected(expected_bytes), options(&how) {
    descriptor = ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) throw Error("{}: cannot open: {}", part.string(), std::strerror(errno));
    have = begun_at = ::lseek(descriptor, 0, SEEK_END);
  }
  ~Transfer() { ::close(descriptor); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // What was begun of a file that may have changed is not continued unseen.
  void forget_what_may_have_changed() {
    if (have > 0 && !options->verified && validator().empty()) start_over();
  }
  void start_over() {
    if (::ftruncate(descriptor, 0) != 0) write_error = errno;
    ::lseek(descriptor, 0, SEEK_SET);
    have = begun_at = 0;
  }

  // By which the server recognises the file that the partial one was begun of.
  fs::path tag() const { return part.string() + ".tag"; }
  std::string validator() const {
    std::error_code none;
    return fs::exists(tag(), none) ? std::string(trim(read_file(tag()))) : "";
  }
};

// Whole names and values; case does not matter in names.
void note_header(std::string_view line, Answer& answer) {
  if (line.starts_with("HTTP/")) answer = {};
  const size_t colon = line.find(':');
  if (colon == line.npos) return;
  std::string name(line.substr(0, colon));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string_view value = trim(line.substr(colon + 1));
  if (name == "etag" && !value.starts_with("W/")) answer.validator = value;
  if (name == "last-modified" && answer.validator.empty()) answer.validator = value;
  if (name == "content-range") answer.range = value;
  if (name == "transfer-encoding" && value.ends_with("chunked")) answer.chunked = true;
}

size_t on_header(char* data, size_t, size_t count, void* user) {
  note_header({data, count}, static_cast<Transfer*>(user)->answer);
  return count;
}

// Before the first byte is kept, and now and then: is this still the file that was asked for, and
// is there room for it?
void look_after(Transfer& transfer, size_t count) {
  constexpr int64_t kBetweenChecks = 16'000'000;
  const config::CorpusLimits& limits = transfer.options->limits;
  if (transfer.have == 0) write_file_atomically(transfer.tag(), transfer.answer.validator);
  if (transfer.have > limits.member_bytes)
    fail_limit(transfer.part.string(), "the server sends more", "member_bytes",
               limits.member_bytes);
  transfer.unchecked += static_cast<int64_t>(count);
  if (transfer.have > 0 && transfer.unchecked < kBetweenChecks) return;
  transfer.unchecked = 0;
  require_free_disk(fs::absolute(transfer.part).parent_path(), kBetweenChecks, limits);
}

size_t on_data(char* data, size_t, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    look_after(transfer, count);
  } catch (...) {
    transfer.stopped = std::current_exception();
    return 0;
  }
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
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void configure(CURL* handle, const std::string& address, Transfer& transfer, char* reason,
               const DownloadOptions& options) {
  curl_easy_setopt(handle, CURLOPT_URL, address.c_str());
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR,
                   address.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1000L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_seconds));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "repro/" REPRO_VERSION);
  curl_easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.have));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
}

// What is wrong with an answer that libcurl takes for a whole file; nothing when it is one.
std::optional<std::string> lie(CURL* handle, long status, const Transfer& transfer) {
  if (status == 206) {
    const std::string begins = fmt::format("bytes {}-", transfer.begun_at);
    const std::string ends = fmt::format("/{}", transfer.have);
    const std::string& range = transfer.answer.range;
    if (transfer.begun_at == 0) return "the server sent a part where the whole was asked for";
    if (!range.starts_with(begins) || !(range.ends_with(ends) || range.ends_with("/*")))
      return fmt::format("the server sent '{}' where the rest from byte {} was asked for", range,
                         transfer.begun_at);
  }
  curl_off_t length = -1;
  curl_easy_getinfo(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  long version = 0;
  curl_easy_getinfo(handle, CURLINFO_HTTP_VERSION, &version);
  const bool marked = length >= 0 || transfer.answer.chunked || version >= CURL_HTTP_VERSION_2_0;
  if (marked || transfer.options->verified) return std::nullopt;
  if (transfer.expected <= 0)
    return "the server does not say how long the file is; give its bytes or its sha256";
  if (transfer.expected == transfer.have) return std::nullopt;
  return fmt::format("{} bytes arrived, expected {}", transfer.have, transfer.expected);
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
  transfer.forget_what_may_have_changed();
  transfer.begun_at = transfer.have;
  transfer.answer = {};
  configure(handle.get(), address, transfer, reason, options);
  std::unique_ptr<curl_slist, CleanUp> headers;
  if (const std::string validator = transfer.validator(); transfer.have > 0 && !validator.empty())
    headers.reset(curl_slist_append(nullptr, ("If-Range: " + validator).c_str()));
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
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
  const auto lied = code == CURLE_OK ? lie(handle.get(), status, transfer) : std::nullopt;
  if (lied) {
    transfer.start_over();
    throw Error(Exit::run_failed, "{}: cannot download: {}", address, *lied);
  }
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
  Transfer transfer(path, expected_bytes, options);
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
  fs::remove(transfer.tag());
}

}  // namespace repro::data
