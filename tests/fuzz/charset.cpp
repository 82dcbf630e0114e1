// Text in a charset that a page names, and what of any text may be shown.
#include "data/formats/charset.hpp"

#include "base/unicode.hpp"
#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const std::string charset(take_until(bytes, '\n'));
  const std::string text = data::to_utf8(bytes, charset);
  require(is_utf8(text), "what was converted is UTF-8");
  for (const auto& show : {printable, printable_line}) {
    const std::string shown = show(bytes);
    require(is_utf8(shown), "what is shown is UTF-8");
    require(show(shown) == shown, "what may be shown stays as it is");
  }
  require(printable_line(bytes).find('\n') == std::string::npos, "one line is one");
  display_width(bytes);
  capitalized(bytes);
}

}  // namespace repro::fuzz
