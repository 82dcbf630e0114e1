#include "base/text.hpp"

#include <catch2/catch.hpp>
#include <limits>

namespace repro {

TEST_CASE("a slip is answered with the nearest name, a stranger with none", "[base]") {
  const std::vector<std::string> names = {"experts", "layers", "tolerance"};
  CHECK(nearest("exprets", names) == "experts");
  CHECK(nearest("tolerence", names) == "tolerance");
  CHECK_FALSE(nearest("vocabulary", names));
  CHECK(did_you_mean("layer", names) == " (did you mean 'layers'?)");
}

TEST_CASE("numbers are written as people read them", "[base]") {
  CHECK(with_commas(2686420992) == "2,686,420,992");
  CHECK(with_commas(-1234) == "-1,234");
  CHECK(with_commas(12) == "12");
  CHECK(human_seconds(4.24) == "4.2 s");
  CHECK(human_seconds(59.94) == "59.9 s");
  CHECK(human_seconds(59.97) == "1 min 00 s");
  CHECK(human_seconds(119.6) == "2 min 00 s");
  CHECK(human_seconds(200) == "3 min 20 s");
  CHECK(human_seconds(7500) == "2 h 05 min");
  CHECK(human_bytes(23.6e9) == "23.6 GB");
  CHECK(human_count(2.686e9) == "2.69 B");
}

TEST_CASE("splitting keeps empty parts and trimming removes outer space only", "[base]") {
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(trim("  a b\n") == "a b");
  CHECK(trim(" \t").empty());
}

TEST_CASE("a number that is none, or beyond what digits can show, says so", "[base]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(rounded_with_commas(1234.4) == "1,234");
  CHECK(rounded_with_commas(1234.6) == "1,235");
  CHECK(rounded_with_commas(nan) == "not a number");
  CHECK(rounded_with_commas(-infinite) == "-infinite");
  CHECK(rounded_with_commas(1e30) == "1e+30");
  CHECK(rounded_with_commas(9007199254740992.0) == "9,007,199,254,740,992");
  CHECK(with_commas(std::numeric_limits<int64_t>::min()) == "-9,223,372,036,854,775,808");
  for (const auto& text : {human_bytes(nan), human_seconds(nan), human_count(nan)})
    CHECK(text == "not a number");
  CHECK(human_seconds(infinite) == "infinite");
  CHECK(human_seconds(1e300) == "1e+300 s");
  CHECK(human_count(1e16) == "1e+16");
}

TEST_CASE("a shell's word is quoted where a character of it means something", "[base]") {
  CHECK(shell_quoted("runs/a-1.log") == "runs/a-1.log");
  CHECK(shell_quoted("a b") == "'a b'");
  CHECK(shell_quoted("it's;$x") == "'it'\\''s;$x'");
  CHECK(shell_quoted("") == "''");
}

}  // namespace repro
