#pragma once
// clang 14, which Debian 12 has with libFuzzer, lacks what the standard library's
// std::source_location is made of. Included before every file of a fuzzing build.

#include <source_location>

#ifndef __cpp_lib_source_location
namespace std {

struct source_location {
  static constexpr source_location current(const char* file = __builtin_FILE(),
                                           unsigned line = __builtin_LINE(),
                                           const char* function = __builtin_FUNCTION()) {
    return {file, line, function};
  }
  constexpr const char* file_name() const { return file; }
  constexpr unsigned line() const { return number; }
  constexpr const char* function_name() const { return function; }

  const char* file = "";
  unsigned number = 0;
  const char* function = "";
};

}  // namespace std
#endif
