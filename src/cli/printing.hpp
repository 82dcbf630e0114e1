#pragma once
// The one door to the terminal: every verb says what it says through say() and warn(), so that no
// title, folder name or message of another program can steer the terminal (base/unicode.hpp).

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace repro::cli {

// Whether verdicts are coloured on standard output: "always", "never", or "auto", which is on a
// terminal unless NO_COLOR is set to anything or TERM is "dumb".
void use_colour(const std::string& when);
bool has_colour();

// How much is said besides answers and errors.
enum class Talk { quiet, usual, verbose };
void set_talk(Talk how);
Talk talk();

// To standard output and standard error, as printable() shows it.
void say_text(std::string_view text);
void warn_text(std::string_view text);
// To standard output, with the marks of report/tone.hpp as colours, or without both.
void say_toned(std::string_view text);

template <typename... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say_text(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  warn_text(fmt::format(format, std::forward<Args>(args)...));
}
// A remark that --quiet leaves out, and one that only --verbose makes.
template <typename... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  if (talk() != Talk::quiet) warn_text(fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void detail(fmt::format_string<Args...> format, Args&&... args) {
  if (talk() == Talk::verbose) warn_text(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace repro::cli
