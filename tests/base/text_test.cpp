#include "base/text.hpp"

#include <catch2/catch.hpp>

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

}  // namespace repro
