// JSON, through its one door: what was read is written and read again.
#include "base/json.hpp"

#include <nlohmann/json.hpp>

#include "target.hpp"

namespace repro::fuzz {
namespace {

template <typename Json>
void check_written(const Json& value, Json (*parse)(std::string_view)) {
  if (value.is_discarded()) return;
  require(parse(value.dump()) == value, "what was written reads as the same");
}

nlohmann::json parse_plain(std::string_view text) { return parse_json(text); }

}  // namespace

void read(std::string_view bytes) {
  size_t stop = 0;
  const nlohmann::json value = parse_json(bytes, &stop);
  require(stop <= bytes.size(), "where it is no JSON lies in the text");
  require(!is_too_deep(bytes) || value.is_discarded(), "what is too deep is not read");
  check_written(value, parse_plain);
  check_written(parse_ordered_json(bytes), parse_ordered_json);
}

}  // namespace repro::fuzz
