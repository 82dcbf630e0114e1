#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/node.hpp"

namespace repro::config {
namespace {

Node convert(const toml::node& from, const std::string& file) {
  Node node;
  node.source = {file, static_cast<int>(from.source().begin.line)};
  if (const auto* boolean = from.as_boolean()) {
    node.value = boolean->get();
  } else if (const auto* integer = from.as_integer()) {
    node.value = integer->get();
  } else if (const auto* number = from.as_floating_point()) {
    node.value = number->get();
  } else if (const auto* text = from.as_string()) {
    node.value = text->get();
  } else if (const auto* array = from.as_array()) {
    Node::Array items;
    for (const toml::node& item : *array) items.push_back(convert(item, file));
    node.value = std::move(items);
  } else if (const auto* table = from.as_table()) {
    Node::Table members;
    for (const auto& [key, value] : *table)
      members.emplace(std::string(key.str()), convert(value, file));
    node.value = std::move(members);
  } else {
    throw Error("{}: dates and times are not used here; write a string", node.source.text());
  }
  return node;
}

// Tables within tables are limited by the library, the parts of a dotted key are not.
constexpr int kMostParts = 32;

// What follows a quoted text that begins at `at`.
size_t after_quotes(std::string_view text, size_t at) {
  const std::string_view one = text.substr(at, 1);
  const std::string three(3, one[0]);
  const std::string_view closing = text.substr(at, 3) == three ? three : one;
  for (at += closing.size(); at < text.size(); ++at) {
    if (text[at] == '\\' && one[0] == '"')
      ++at;
    else if (text.substr(at, closing.size()) == closing)
      return at + closing.size();
  }
  return text.size();
}

void reject_deep_keys(std::string_view text, const std::string& shown_as) {
  int dots = 0;
  int line = 1;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    size_t next = at + 1;
    if (c == '"' || c == '\'') next = after_quotes(text, at);
    if (c == '#') next = std::min(text.find('\n', at), text.size());
    if (c == '.' && ++dots >= kMostParts)
      throw Error("{}:{}: a key of more than {} parts", shown_as, line, kMostParts);
    if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) dots = 0;
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                        text.begin() + static_cast<std::ptrdiff_t>(next), '\n'));
    at = next;
  }
}

Node parse(std::string_view text, const std::string& shown_as) {
  reject_deep_keys(text, shown_as);
  try {
    return convert(toml::parse(text, shown_as), shown_as);
  } catch (const toml::parse_error& error) {
    throw Error("{}:{}: {}", shown_as, error.source().begin.line, error.description());
  }
}

}  // namespace

Node read_toml(const std::filesystem::path& path, const std::string& shown_as) {
  return parse(read_file(path), shown_as);
}

std::pair<std::string, Node> parse_setting(const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(Exit::usage, "--set {}: expected path=value, as in match.batch=8", setting);
  const std::string path(trim(setting.substr(0, equals)));
  if (std::count(path.begin(), path.end(), '.') >= kMostParts)
    throw Error(Exit::usage,
                "--set: a path of more than {} parts; expected one as in match.batch=8",
                kMostParts);
  const std::string value(trim(setting.substr(equals + 1)));
  Node node;
  try {
    node = *parse("x = " + value, "--set").find("x");
  } catch (const Error&) {
    node.value = value;  // a bare word
  }
  node.source = {"--set", 0};
  return {path, node};
}

}  // namespace repro::config
