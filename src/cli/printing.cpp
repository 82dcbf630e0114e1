#include "cli/printing.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/unicode.hpp"
#include "report/tone.hpp"

namespace repro::cli {
namespace {

bool g_colour = false;
Talk g_talk = Talk::usual;

bool terminal_likes_colour() {
  const char* refused = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0') && !dumb;
}

// Of a tone's first letter.
const char* escape_of(char tone) {
  if (tone == report::name(report::Tone::good)[0]) return "\x1b[32m";
  if (tone == report::name(report::Tone::bad)[0]) return "\x1b[31m";
  return "\x1b[33m";
}

}  // namespace

void use_colour(const std::string& when) {
  g_colour = when == "always" || (when != "never" && terminal_likes_colour());
}

bool has_colour() { return g_colour; }

void set_talk(Talk how) { g_talk = how; }

Talk talk() { return g_talk; }

void say_text(std::string_view text) { fmt::print("{}", printable(text)); }

void warn_text(std::string_view text) { fmt::print(stderr, "{}", printable(text)); }

void say_toned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t mark = text.find_first_of(std::string{report::kToneBegin, report::kToneEnd});
    out += printable(text.substr(0, mark));
    if (mark == text.npos) break;
    const bool begins = text[mark] == report::kToneBegin && mark + 1 < text.size();
    if (g_colour) out += begins ? escape_of(text[mark + 1]) : "\x1b[0m";
    text.remove_prefix(mark + (begins ? 2 : 1));
  }
  fmt::print("{}", out);
}

}  // namespace repro::cli
