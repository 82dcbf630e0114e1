#include "cli/printing.hpp"

#include "base/unicode.hpp"

namespace repro::cli {

void say_text(std::string_view text) { fmt::print("{}", printable(text)); }

void warn_text(std::string_view text) { fmt::print(stderr, "{}", printable(text)); }

}  // namespace repro::cli
