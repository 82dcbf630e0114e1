#include "data/tasks/template_text.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::data {
namespace {

using nlohmann::ordered_json;

std::string spaced(std::string_view text) {
  std::string result(text);
  std::replace(result.begin(), result.end(), '_', ' ');
  return result;
}

using Filter = std::string (*)(std::string_view);
const std::map<std::string, Filter, std::less<>> kFilters = {
    {"strip", [](std::string_view text) { return std::string(stripped(text)); }},
    {"capitalize", capitalized},
    {"spaces", spaced}};

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const auto& [name, filter] : kFilters) names.push_back(name);
  return names;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t found = std::min(text.find(from, at), text.size());
    result += text.substr(at, found - at);
    if (found < text.size()) result += to;
    at = found + from.size();
  }
  return result;
}

// "[...]" up to the nearest closing bracket, where no newline lies between.
std::string without_brackets(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t close = text[at] == '[' ? text.find(']', at) : std::string_view::npos;
    const bool is_note = close != std::string_view::npos &&
                         text.substr(at, close - at).find('\n') == std::string_view::npos;
    if (is_note)
      at = close + 1;
    else
      result += text[at++];
  }
  return result;
}

}  // namespace

const ordered_json& value_at(const ordered_json& item, std::string_view path) {
  const ordered_json* at = &item;
  for (const std::string& key : split(path, '.')) {
    const bool is_number =
        !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string::npos;
    const ordered_json* next = nullptr;
    if (at->is_object() && at->contains(key))
      next = &at->at(key);
    else if (at->is_array() && is_number && std::stoul(key) < at->size())
      next = &at->at(std::stoul(key));
    if (next == nullptr) throw Error("no value '{}'", path);
    at = next;
  }
  return *at;
}

std::string text_of(const ordered_json& value, std::string_view path) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  throw Error("'{}' is {}, expected a text or a whole number", path, value.type_name());
}

std::string clean_wikihow(std::string_view text) {
  const std::string titled = replaced(stripped(text), " [title]", ". ");
  return replaced(without_brackets(titled), "  ", " ");
}

Template::Template(const std::string& text) {
  const auto literal = [&](char c) {
    if (pieces_.empty() || pieces_.back().is_path) pieces_.emplace_back();
    pieces_.back().text += c;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = (c == '{' || c == '}') && text.substr(at + 1, 1) == std::string(1, c);
    if (doubled || (c != '{' && c != '}')) {
      literal(c);
      at += doubled ? 1 : 0;
      continue;
    }
    const size_t close = text.find('}', at);
    if (c == '}' || close == std::string::npos)
      throw Error("'{}': a brace without its pair; a brace itself is written twice", text);
    std::vector<std::string> words = split(text.substr(at + 1, close - at - 1), '|');
    Piece piece{
        .text = words.front(), .is_path = true, .filters = {words.begin() + 1, words.end()}};
    for (const std::string& filter : piece.filters)
      if (!kFilters.contains(filter))
        throw Error("'{}': no filter '{}'{}; there are: {}", text, filter,
                    did_you_mean(filter, filter_names()), join(filter_names(), ", "));
    pieces_.push_back(std::move(piece));
    at = close;
  }
}

std::string Template::fill(const ordered_json& item) const {
  std::string result;
  for (const Piece& piece : pieces_) {
    if (!piece.is_path) {
      result += piece.text;
      continue;
    }
    // {} is the item itself, where each element of a list is one.
    std::string value = text_of(piece.text.empty() ? item : value_at(item, piece.text), piece.text);
    for (const std::string& filter : piece.filters) value = kFilters.at(filter)(value);
    result += value;
  }
  return result;
}

}  // namespace repro::data
