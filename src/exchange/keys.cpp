#include "exchange/keys.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::exchange {
namespace {

using nlohmann::json;

constexpr uint64_t kMostBytes = 256'000'000;
constexpr size_t kShownCharacters = 80;
const json kNull;

}  // namespace

std::string read_bounded(const fs::path& path) {
  std::error_code code;
  const uint64_t bytes = fs::file_size(path, code);
  if (code) fail_with_system(path, "open", code.value());
  if (bytes > kMostBytes)
    throw Error("{}: has {}, more than {}: no file of this kind is so large", path.string(),
                human_bytes(static_cast<double>(bytes)),
                human_bytes(static_cast<double>(kMostBytes)));
  return read_file(path);
}

json parse_object(std::string_view text, const std::string& place) {
  size_t stop = 0;
  json object = parse_json(text, &stop);
  if (object.is_discarded())
    throw Error("{}: no JSON from byte {} on; get the file again", place, stop);
  if (!object.is_object()) throw Error("{}: not a JSON object; get the file again", place);
  return object;
}

json read_object(const fs::path& path) { return parse_object(read_bounded(path), path.string()); }

std::string shown(std::string_view text) {
  std::string line = printable_line(text);
  size_t end = 0;
  for (size_t count = 0; end < line.size() && count < kShownCharacters; ++count)
    next_code_point(line, end);
  if (end < line.size()) line = line.substr(0, end) + " ...";
  return line;
}

std::string shown_value(const json& value) {
  return shown(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

Keys::Keys(const json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object.is_object()) throw Error("{}: not a JSON object", place_);
}

const json& Keys::value(std::string_view key) {
  asked_.emplace(key);
  const auto at = object_.find(std::string(key));
  return at == object_.end() ? kNull : *at;
}

bool Keys::has(std::string_view key) { return !value(key).is_null(); }

void Keys::ignore(std::string_view key) { asked_.emplace(key); }

void Keys::refuse(std::string_view key, const std::string& why) const {
  const auto at = object_.find(std::string(key));
  if (at == object_.end()) throw Error("{}: no key '{}': {}", place_, key, why);
  throw Error("{}: {} = {}: {}", place_, shown(key), shown_value(*at), why);
}

int64_t Keys::integer(std::string_view key, const config::Range& range,
                      std::optional<int64_t> otherwise) {
  const json& found = value(key);
  if (found.is_null() && otherwise) return *otherwise;
  if (!found.is_number_integer()) refuse(key, "an integer is needed");
  // Of an integer that 64 bits do not hold the double is as good.
  const std::string problem = range.problem(found.get<double>());
  if (!problem.empty()) refuse(key, problem);
  return found.get<int64_t>();
}

double Keys::number(std::string_view key, const config::Range& range,
                    std::optional<double> otherwise) {
  const json& found = value(key);
  if (found.is_null() && otherwise) return *otherwise;
  if (!found.is_number()) refuse(key, "a number is needed");
  const std::string problem = range.problem(found.get<double>());
  if (!problem.empty()) refuse(key, problem);
  return found.get<double>();
}

bool Keys::boolean(std::string_view key, bool otherwise) {
  const json& found = value(key);
  if (found.is_null()) return otherwise;
  if (!found.is_boolean()) refuse(key, "true or false is needed");
  return found.get<bool>();
}

std::string Keys::text(std::string_view key, std::optional<std::string> otherwise) {
  const json& found = value(key);
  if (found.is_null() && otherwise) return *otherwise;
  if (!found.is_string()) refuse(key, "a string is needed");
  return found.get<std::string>();
}

void Keys::require(std::string_view key, const json& wanted) {
  const json& found = value(key);
  if (found.is_null() || found == wanted) return;
  refuse(key, fmt::format("only {} is supported", shown_value(wanted)));
}

void Keys::finish() const {
  for (const auto& [key, value] : object_.items())
    if (!asked_.contains(key) && !value.is_null())
      throw Error(
          "{}: key '{}' = {} is not one this program knows, so what it says would not be honoured; "
          "take it out of the file if it changes nothing that is computed",
          place_, shown(key), shown_value(value));
}

}  // namespace repro::exchange
