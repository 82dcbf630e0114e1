#include "base/json.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"

namespace repro {
namespace {

std::string nested(size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace

TEST_CASE("JSON of too many levels is no JSON, however it is nested", "[base]") {
  CHECK_FALSE(parse_json(nested(kDeepestJson)).is_discarded());
  CHECK(parse_json(nested(kDeepestJson + 1)).is_discarded());
  CHECK(parse_json(nested(1'000'000)).is_discarded());
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(parse_json(objects).is_discarded());
}

TEST_CASE("brackets in texts are no levels, and levels side by side do not add up", "[base]") {
  const std::string brackets(1000, '[');
  CHECK(parse_json("{\"" + brackets + "\": \"\\\"" + brackets + "\"}").size() == 1);
  std::string list = "[";
  for (int i = 0; i < 1000; ++i) list += "[],";
  CHECK(parse_json(list + "[]]").size() == 1001);
}

TEST_CASE("what is no JSON says at which byte, and a number beyond a double is none", "[base]") {
  size_t stop = 0;
  CHECK(parse_json("{\"a\": 1,, }", &stop).is_discarded());
  CHECK(stop == 9);
  CHECK(parse_json("{\"a\": 1e999}").is_discarded());
  CHECK(parse_json("").is_discarded());
}

TEST_CASE("a whole number is one of 64 bits, written as one", "[base]") {
  CHECK(whole_number(parse_json("-9223372036854775808")) == INT64_MIN);
  CHECK(whole_number(parse_json("9223372036854775807")) == INT64_MAX);
  for (const char* text : {"9223372036854775808", "1e3", "2.5", "2e43", "\"3\"", "null"})
    CHECK_THROWS_AS(whole_number(parse_json(text)), Error);
}

}  // namespace repro
