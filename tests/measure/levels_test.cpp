#include "measure/levels.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro::measure {

using Values = std::vector<double>;

TEST_CASE("steps in histories are where airspeed velocity sees them", "[measure]") {
  const auto vectors =
      nlohmann::json::parse(read_file(fs::path(REPRO_TESTS) / "measure/fixtures/levels.json"));
  for (const auto& one : vectors) {
    CAPTURE(one.dump());
    const std::vector<Level> levels = fit_levels(one.at("values").get<Values>());
    const auto& steps = one.at("steps");
    REQUIRE(levels.size() == steps.size());
    for (size_t i = 0; i < levels.size(); ++i) {
      CHECK(levels[i].begin == steps[i][0].get<size_t>());
      CHECK(levels[i].end == steps[i][1].get<size_t>());
      CHECK(levels[i].value == Approx(steps[i][2].get<double>()));
      CHECK(levels[i].error == Approx(steps[i][3].get<double>()).margin(1e-12));
    }
  }
}

TEST_CASE("a program that gives the same bits again has a step wherever they change", "[measure]") {
  const std::vector<Level> levels = fit_levels(Values{5, 5, 5, 5, 5.001, 5.001, 5.001});
  REQUIRE(levels.size() == 2);
  CHECK(levels[1].begin == 4);
  CHECK(levels[1].value == 5.001);
  CHECK(fit_levels(Values{5, 5, 5}).size() == 1);
}

TEST_CASE("one value is a level, the last alone is none, none has none", "[measure]") {
  CHECK(fit_levels({}).empty());
  CHECK(fit_levels(Values{7}).front().value == 7);
  CHECK(fit_levels(Values{5, 5.01, 4.99, 5, 5.01, 4.99, 9}).size() == 1);
  CHECK_THROWS_AS(fit_levels(Values{1, std::nan("")}), Error);
  CHECK_THROWS_AS(fit_levels(Values(kMostLevelValues + 1, 1.0)), Error);
}

}  // namespace repro::measure
