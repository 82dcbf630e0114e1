#pragma once
// What can go wrong and how it is said. Error is for what the user, the data or the machine did:
// one line, place first, lower case, then the way out, no full stop. check() is for our own bugs.

#include <fmt/format.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace repro {

// The documented exit codes of every program; CI gates rely on them.
enum class Exit {
  ok = 0,
  regression = 1,  // or a claim not reproduced where a gate asked
  run_failed = 2,
  not_reached = 3,   // target loss not reached
  bad_input = 4,     // invalid manifest, profile, data or file
  inconclusive = 5,  // too few seeds
  nothing_measured = 6,
  bad_log = 7,  // non-compliant log
  usage = 64,
  interrupted = 130,
};

// A failure with one line of text for the user. The default exit code is bad_input because most of
// what a user can mend is a file; `run_failed` and the others are given explicitly.
class Error : public std::runtime_error {
 public:
  template <typename... Args>
  explicit Error(fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)) {}
  template <typename... Args>
  Error(Exit exit, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), exit_(exit) {}

  Exit exit() const { return exit_; }

 private:
  Exit exit_ = Exit::bad_input;
};

// Aborts with file and line when an invariant of ours is broken; on in every build.
void check(bool condition, const char* what,
           std::source_location where = std::source_location::current());

}  // namespace repro
