// The page's script says what the program says, at every price.

#include <cmath>

#include "findings/judging.hpp"
#include "findings/price_formula.hpp"
#include "findings/price_verdicts.hpp"
#include "report/page_fixture.hpp"

namespace repro::report {
namespace {

// "[low, high]" in the order of the page's devices.
std::string dollars(double low, double high) {
  return fmt::format("reproPage.page.prices.devices.map((d) => d.profile === 'rtx-4090' ? {} : {})",
                     low, high);
}

bool near(const json& shown, double said) {
  return shown.is_number() &&
         std::fabs(shown.get<double>() - said) <= 1e-9 * std::fabs(said) + 1e-12;
}

}  // namespace

TEST_CASE("a price formula gives to the last digits what the program gives at those prices",
          "[report]") {
  const Paged paged;
  const findings::Study study(paged.plan, paged.sources);
  const auto formula = findings::price_formula(*paged.sources.claims.quantity("saving"), study);
  for (const auto& [low, high] : {std::pair{0.35, 2.28}, {0.1, 3.0}, {1.5, 1.2}}) {
    const findings::Prices prices = findings::Prices().with("rtx-4090", low).with("a100-80g", high);
    const auto said = paged.at(low, high);
    for (size_t row = 0; row < said.size(); ++row)
      CHECK(*formula.at(row, prices) == Approx(*said[row].here).epsilon(1e-13));
  }
}

TEST_CASE("along the ratio of prices the judged number is told as a report at that price tells it",
          "[report]") {
  const Paged paged;
  const findings::Study study(paged.plan, paged.sources);
  const auto found = findings::findings_of(study);
  const auto verdicts = findings::ratio_verdicts(study, found);
  REQUIRE(verdicts);
  CHECK(verdicts->low == "rtx-4090");
  size_t changes = 0;
  for (const size_t stop :
       {size_t{0}, size_t{37}, verdicts->ratios.size() / 2, verdicts->ratios.size() - 1}) {
    const auto said = paged.at(2.28 * verdicts->ratios[stop], 2.28);
    for (size_t row = 0; row < said.size(); ++row) {
      const findings::RatioRow& told = verdicts->rows[row];
      REQUIRE(told.ranges[stop].has_value() == said[row].range.has_value());
      if (said[row].range) {
        CHECK(told.ranges[stop]->low == Approx(said[row].range->low));
        CHECK(told.ranges[stop]->high == Approx(said[row].range->high));
      }
      const auto last = std::find_if(
          told.verdicts.rbegin(), told.verdicts.rend(),
          [&](const auto& one) { return one.ratio <= verdicts->ratios[stop] * (1 + 1e-12); });
      REQUIRE(last != told.verdicts.rend());
      CHECK(last->text == findings::verdict_text(said[row]));
      changes = std::max(changes, told.verdicts.size());
    }
  }
  CHECK(changes > 1);  // or the test would show nothing
}

TEST_CASE("the page's script says at any price what the program says there", "[report]") {
  const Paged paged;
  json steps = load(1280, 900);
  const std::vector<std::pair<double, double>> prices = {
      {0.35, 2.28}, {0.35 * std::pow(10, 11 / 30.0), 2.28}, {0.05, 4.0}, {1.9, 2.28}};
  for (const auto& [low, high] : prices)
    steps.push_back(run(
        fmt::format("(() => {{ const at = {}; const p = reproPage; const f = p.formulaOf('saving');"
                    " return p.page.prices.rows.map((unused, row) => [p.valueAt(f, row, at),"
                    " p.rangeAt(row, at), (p.verdictAt(row, at) || {{}}).text,"
                    " p.valueAt(p.formulaOf('full_cost'), row, at)]); }})()",
                    dollars(low, high))));
  const Seen seen = browse(paged.page, steps);
  CHECK(seen.errors == json::array());
  for (size_t i = 0; i < prices.size(); ++i) {
    const auto said = paged.at(prices[i].first, prices[i].second);
    const json& shown = seen.answers.at(2 + i);
    REQUIRE(shown.size() == said.size());
    for (size_t row = 0; row < said.size(); ++row) {
      CAPTURE(i, row, shown.at(row).dump());
      CHECK(near(shown.at(row).at(0), *said[row].here));
      CHECK(shown.at(row).at(2) == findings::verdict_text(said[row]));
      // Between two stops an interval is drawn straight: to a hundredth of a point.
      const json& range = shown.at(row).at(1);
      REQUIRE(range.is_object() == said[row].range.has_value());
      if (!said[row].range) continue;
      CHECK(range.at("low").get<double>() == Approx(said[row].range->low).margin(1e-3));
      CHECK(range.at("high").get<double>() == Approx(said[row].range->high).margin(1e-3));
    }
  }
}

TEST_CASE("the slider at the paper's prices shows the paper's savings to the digit", "[report]") {
  const Paged paged;
  const json steps = joined(
      load(1280, 900),
      json::array({run("document.getElementById('slide-0').value = 7;"
                       "document.getElementById('slide-0').dispatchEvent(new Event('input'))"),
                   run("[...document.querySelectorAll('#price-table tbody tr')].map((tr) => "
                       "tr.cells[3].textContent)"),
                   run("[...document.querySelectorAll('#prices button')].find((b) => "
                       "b.textContent.includes(\"paper's\")).click()"),
                   run("[...document.querySelectorAll('#price-table tbody tr')].map((tr) => "
                       "tr.cells[3].textContent)"),
                   run("document.getElementById('price-sentence').textContent")}));
  const Seen seen = browse(paged.page, steps);
  CHECK(seen.errors == json::array());
  CHECK(seen.answers.at(3) != seen.answers.at(5));
  CHECK(seen.answers.at(5) == json{"69.5 %", "51.8 %"});
  CHECK(seen.answers.at(6).get<std::string>().find("$0.350") != std::string::npos);
}

}  // namespace repro::report
