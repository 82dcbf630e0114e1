#include "launch/clocks.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <fstream>

#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {
namespace {

// A run whose node said at its start that it was so many seconds later than it is.
std::optional<ClockDifference> difference_of(int64_t ahead) {
  TemporaryDirectory folder;
  const run::RunDirectory directory(folder.path());
  const std::time_t now = std::time(nullptr);
  const std::time_t told = now + ahead;
  char date[32];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&told));
  std::ofstream(directory.environment_file())
      << "{\"started\": \"" << date << "\", \"host\": \"n\\u001b1\"}\n";
  return find_clock_difference(directory, now - 60, now);
}

TEST_CASE("a node whose start lies between submission and end has the right time", "[launch]") {
  for (const int64_t ahead : {-60, -30, 0, 4}) CHECK_FALSE(difference_of(ahead));
}

TEST_CASE("a clock that is ahead or behind is named with its host and by how much", "[launch]") {
  const auto ahead = difference_of(3600);
  REQUIRE(ahead);
  CHECK(ahead->line ==
        "the clock of n\uFFFD1 is 1 h 00 min ahead of this machine's: dates in its runs are wrong "
        "by that; let NTP set both");
  const auto behind = difference_of(-3660);
  REQUIRE(behind);
  CHECK_THAT(behind->line, Catch::Contains("is 1 h 00 min behind this machine's"));
}

TEST_CASE("what an earlier start or nobody wrote says nothing of a clock", "[launch]") {
  TemporaryDirectory folder;
  const run::RunDirectory directory(folder.path());
  const std::time_t now = std::time(nullptr);
  CHECK_FALSE(find_clock_difference(directory, now, now));
  for (const char* text : {"no JSON", "[]", "{\"started\": 3}", "{\"started\": \"today\"}"}) {
    std::ofstream(directory.environment_file()) << text;
    CHECK_FALSE(find_clock_difference(directory, now - 1, now));
  }
  // Written an hour before the submission.
  std::ofstream(directory.environment_file()) << "{\"started\": \"2001-01-01T00:00:00Z\"}";
  CHECK_FALSE(find_clock_difference(directory, now + 3600, now + 3600));
}

}  // namespace
}  // namespace repro::launch
