#include "launch/clocks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::launch {
namespace {

constexpr int64_t kTolerated = 5;  // seconds; NTP keeps machines within one

// "2026-11-27T17:36:00Z" as seconds since 1970.
std::optional<int64_t> seconds_of(const std::string& date) {
  std::tm parts{};
  const char* end = ::strptime(date.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts));
}

}  // namespace

std::optional<ClockDifference> find_clock_difference(const run::RunDirectory& directory,
                                                     int64_t submitted, int64_t ended) {
  const fs::path path = directory.environment_file();
  struct stat status {};
  // One of an earlier start says nothing; and who wrote it was a job of ours, so it is short.
  constexpr off_t kLongest = 1 << 16;
  if (::stat(path.c_str(), &status) != 0 || status.st_mtime < submitted - kTolerated ||
      status.st_size > kLongest)
    return std::nullopt;
  const nlohmann::json environment = parse_json(read_file(path));
  if (!environment.is_object()) return std::nullopt;
  const auto text = [&](const char* key) {
    const auto at = environment.find(key);
    return at != environment.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto started = seconds_of(text("started"));
  if (!started) return std::nullopt;
  const int64_t ahead = *started > ended ? *started - ended : *started - submitted;
  if (*started <= ended + kTolerated && *started >= submitted - kTolerated) return std::nullopt;
  const std::string host = printable_line(text("host"));
  return ClockDifference{
      host, fmt::format("the clock of {} is {} {} this machine's: dates in its runs are wrong by "
                        "that; let NTP set both",
                        host, human_seconds(static_cast<double>(std::abs(ahead))),
                        ahead > 0 ? "ahead of" : "behind")};
}

}  // namespace repro::launch
