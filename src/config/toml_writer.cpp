#include "config/toml_writer.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::config {
namespace {

bool is_table_list(const nlohmann::json& value) {
  return value.is_array() && !value.empty() && value.front().is_object();
}

bool is_blank(const nlohmann::json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

// JSON's scalars and arrays of scalars are TOML's, but for floats without a fraction and for DEL,
// which TOML wants escaped.
std::string scalar(const nlohmann::json& value) {
  if (value.is_number_float()) {
    std::string text = fmt::format("{}", value.get<double>());
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  std::string text = value.dump();
  for (size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;)
    text.replace(at, 1, "\\u007F");
  return text;
}

void write(const nlohmann::json& object, const std::string& path, std::string& to) {
  for (const auto& [key, value] : object.items())
    if (!is_blank(value) && !value.is_object() && !is_table_list(value))
      to += fmt::format("{} = {}\n", key, scalar(value));
  for (const auto& [key, value] : object.items()) {
    const std::string inner = path.empty() ? key : path + "." + key;
    if (value.is_object() && !value.empty()) {
      to += fmt::format("\n[{}]\n", inner);
      write(value, inner, to);
    } else if (is_table_list(value)) {
      for (const nlohmann::json& item : value) {
        to += fmt::format("\n[[{}]]\n", inner);
        write(item, inner, to);
      }
    }
  }
}

}  // namespace

std::string write_toml(const Describe& describe_fields, const std::string& comment) {
  std::string text;
  for (const std::string& line : split(comment, '\n'))
    if (!line.empty()) text += "# " + printable_line(line) + "\n";
  write(write_all_json(describe_fields), "", text);
  return text;
}

}  // namespace repro::config
