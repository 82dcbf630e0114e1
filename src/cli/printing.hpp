#pragma once
// The one door to the terminal: every verb says what it says through say() and warn(), so that no
// title, folder name or message of another program can steer the terminal (base/unicode.hpp).

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace repro::cli {

// To standard output and standard error, as printable() shows it.
void say_text(std::string_view text);
void warn_text(std::string_view text);

template <typename... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say_text(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  warn_text(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace repro::cli
