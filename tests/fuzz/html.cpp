// Pages of HTML in any charset.
#include "data/formats/html.hpp"

#include "base/unicode.hpp"
#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  config::CorpusLimits limits;
  limits.memory_bytes = 50'000'000;
  attempt([&] {
    for (const std::string& paragraph : data::html_paragraphs(bytes, "page", limits)) {
      require(!paragraph.empty(), "a paragraph holds something");
      require(is_utf8(paragraph), "a paragraph is UTF-8");
    }
  });
}

}  // namespace repro::fuzz
