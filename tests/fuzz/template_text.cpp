// The templates of a downstream task, a line, filled from the JSON row behind it.
#include "data/tasks/template_text.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const std::string text(take_until(bytes, '\n'));
  const nlohmann::ordered_json row = parse_ordered_json(bytes);
  data::clean_wikihow(text);
  attempt([&] {
    const data::Template parsed(text);
    if (row.is_discarded()) return;
    const std::string filled = parsed.fill(row);
    if (text.find_first_of("{}") == std::string::npos)
      require(filled == text, "a text without braces is itself");
  });
}

}  // namespace repro::fuzz
