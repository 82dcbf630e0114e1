#include "base/json.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace repro {

bool is_too_deep(std::string_view json_text) {
  int depth = 0;
  bool quoted = false;
  for (size_t at = 0; at < json_text.size(); ++at) {
    const char c = json_text[at];
    if (quoted && c == '\\')
      ++at;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{') && ++depth > kDeepestJson)
      return true;
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

nlohmann::json parse_json(std::string_view text, size_t* stop) {
  try {
    if (!is_too_deep(text)) return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    if (stop != nullptr) *stop = std::min(error.byte, text.size());
  } catch (const nlohmann::json::out_of_range&) {
    // A number that no double holds.
  }
  return nlohmann::json(nlohmann::json::value_t::discarded);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text) {
  using nlohmann::ordered_json;
  if (is_too_deep(text)) return ordered_json(ordered_json::value_t::discarded);
  return ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
}

int64_t whole_number(const nlohmann::json& value) {
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const bool fits =
      value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= kMost);
  if (!fits) throw Error("{}: expected a whole number", value.dump());
  return value.get<int64_t>();
}

}  // namespace repro
