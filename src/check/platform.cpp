#include "check/platform.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

// The file may be anybody's: what is of another type counts as not there.
const json& member(const json& object, const char* key) {
  static const json kAbsent;
  if (!object.is_object()) return kAbsent;
  const auto at = object.find(key);
  return at == object.end() ? kAbsent : *at;
}

void put(Platform& platform, const char* fact, const json& value) {
  if (value.is_string()) platform[fact] = printable_line(value.get<std::string>());
  if (!value.is_array()) return;
  std::vector<std::string> words;
  for (const json& word : value)
    if (word.is_string()) words.push_back(printable_line(word.get<std::string>()));
  platform[fact] = join(words, " ");
}

double number(const json& value) { return value.is_number() ? value.get<double>() : 0; }

}  // namespace

Platform platform_of(const json& environment) {
  Platform platform;
  const json& cpu = member(environment, "cpu");
  put(platform, "processor", member(cpu, "model"));
  put(platform, "instruction sets", member(cpu, "instruction_sets"));
  put(platform, "kernels", member(environment, "kernels"));
  put(platform, "LibTorch", member(environment, "torch"));
  put(platform, "compiler", member(environment, "compiler"));
  put(platform, "device", member(environment, "device"));
  return platform;
}

std::vector<std::string> differences(const Platform& then, const Platform& now) {
  std::set<std::string> facts;
  for (const Platform* platform : {&then, &now})
    for (const auto& [fact, value] : *platform) facts.insert(fact);
  std::vector<std::string> clauses;
  const auto value_of = [](const Platform& platform, const std::string& fact) {
    const auto at = platform.find(fact);
    return at == platform.end() ? std::string("not known") : at->second;
  };
  for (const std::string& fact : facts) {
    const std::string a = value_of(then, fact), b = value_of(now, fact);
    if (a != b) clauses.push_back(fmt::format("{}: {} then, {} now", fact, a, b));
  }
  return clauses;
}

std::string machine_id(const json& environment) {
  std::string text;
  for (const auto& [fact, value] : platform_of(environment)) text += fact + "=" + value + "\n";
  if (text.empty()) return "";
  const double gigabytes = number(member(environment, "memory_bytes")) / 1e9;
  text += fmt::format("cores={}\nmemory={}\n", number(member(member(environment, "cpu"), "cores")),
                      std::round(gigabytes));
  return sha256_hex(text).substr(0, 12);
}

std::string machine_text(const json& environment) {
  const Platform platform = platform_of(environment);
  const auto processor = platform.find("processor");
  return fmt::format("{}, {} cores, {}",
                     processor == platform.end() ? "unknown processor" : processor->second,
                     number(member(member(environment, "cpu"), "cores")),
                     human_bytes(number(member(environment, "memory_bytes"))));
}

}  // namespace repro::checks
