#include "claims/price_table.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::claims {
namespace {

const std::filesystem::path kSources = REPRO_SOURCE_ROOT;

struct Paper {
  Claims claims = find_claims(kSources, "moe_disco");
  const PriceCheck& check = price_check(claims, "table3");
  config::Profile low = config::find_profile(kSources, "rtx-4090");
  config::Profile high = config::find_profile(kSources, "a100-80g");

  PriceQuestion question(double low_price = 0.35, double high_price = 2.28) const {
    return {.low = {.profile = low, .price = low_price, .offers = {}},
            .high = {.profile = high, .price = high_price, .offers = {}},
            .basis = Basis::paper,
            .billing = {}};
  }
  PricedTable price(const PriceQuestion& asked) const {
    return claims::price(claims, check, asked, low, high);
  }
};

config::Profile named(const std::string& name) {
  config::Profile profile;
  profile.name = name;
  return profile;
}

config::MeasuredStep step(const std::string& model, const std::string& shape, double seconds) {
  config::MeasuredStep measured;
  measured.model = model;
  measured.shape = shape;
  measured.size = "paper";
  measured.batch = 16;
  measured.sequence = 1024;
  measured.seconds = seconds;
  return measured;
}

}  // namespace

TEST_CASE("at the paper's prices every cost and saving is the paper's to the cent", "[claims]") {
  const Paper paper;
  const PricedTable table = paper.price(paper.question());
  REQUIRE(table.rows.size() == 6);
  CHECK(table.paper_ratio == Approx(0.153509).margin(1e-6));
  const std::vector<double> savings = {69.47, 51.78, 63.52, 47.60, 52.13, 52.89};
  for (size_t i = 0; i < 6; ++i) {
    const PricedRow& row = table.rows[i];
    CAPTURE(row.subject);
    CHECK(row.evidence() == measure::Evidence::published);
    CHECK(row.full.dollars == Approx(*row.paper_full).margin(5e-5));
    CHECK(row.method.dollars == Approx(*row.paper_method).margin(5e-5));
    CHECK(row.saving == Approx(*row.paper_saving()).margin(1e-5));
    CHECK(100 * row.saving == Approx(savings[i]).margin(0.005));
    CHECK(row.saving == Approx(row.line.at(table.paper_ratio)));
    CHECK(row.method.unknown.size() == 4);
  }
}

TEST_CASE("at a catalogue's prices the savings are the audit's", "[claims]") {
  const Paper paper;
  const PricedTable table = paper.price(paper.question(0.40, 0.87));
  const std::vector<double> savings = {43.5, 0.2, 34.4, 14.1, 28.1, 26.7};
  for (size_t i = 0; i < 6; ++i)
    CHECK(100 * table.rows[i].saving == Approx(savings[i]).margin(0.05));
}

TEST_CASE("at the break-even price nothing is saved, and above it the method costs more",
          "[claims]") {
  const Paper paper;
  const PricedTable table = paper.price(paper.question());
  for (size_t i = 0; i < 6; ++i) {
    const double price = table.rows[i].break_even_low_price;
    CHECK(paper.price(paper.question(price)).rows[i].saving == Approx(0).margin(1e-12));
    CHECK(paper.price(paper.question(1.01 * price)).rows[i].saving < 0);
  }
}

TEST_CASE("the needed step ratio is the one at which both arms cost the same", "[claims]") {
  const Paper paper;
  const PricedRow row = paper.price(paper.question()).rows[0];
  CHECK(*row.step_ratio == Approx(5.159).margin(5e-4));
  // With that many fine-tuning steps: F hours grow by step_ratio / needed.
  const double f_hours = *row.high_time.hours * *row.step_ratio / *row.needed_step_ratio;
  CHECK(4 * *row.low_time.hours * 0.35 + f_hours * 2.28 == Approx(*row.full_time.hours * 2.28));
  // Submodels dearer than the whole training leave no ratio that helps.
  CHECK_FALSE(paper.price(paper.question(2.9)).rows[0].needed_step_ratio);
}

TEST_CASE("a spread of offers gives the saving's range", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.low.offers = measure::Interval{0.30, 0.40};
  question.high.offers = measure::Interval{0.87, 2.28};
  const PricedRow row = paper.price(question).rows[0];
  CHECK(row.range->low == Approx(row.line.at(0.40 / 0.87)));
  CHECK(row.range->high == Approx(row.line.at(0.30 / 2.28)));
}

TEST_CASE("billing by the hour costs more than by the second", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.billing.granularity_seconds = 3600;
  const PricedRow row = paper.price(question).rows[1];
  CHECK(row.method.dollars == Approx(4 * 2 * 0.35 + 1 * 2.28));
}

TEST_CASE("the paper's hours are refused for another device", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.high.profile = config::find_profile(kSources, "h100-sxm");
  CHECK_THROWS_WITH(paper.price(question),
                    "the paper's hours are of 'a100-80g', not of 'h100-sxm'; measure this device "
                    "and use --as measured, or assume the same utilisation with --as projected");
}

TEST_CASE("projected hours shrink with the data sheet's peak and say so", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.high.profile = config::find_profile(kSources, "h100-sxm");
  question.basis = Basis::projected;
  const PricedRow row = paper.price(question).rows[0];
  CHECK(row.evidence() == measure::Evidence::projected);
  CHECK(*row.full_time.hours == Approx(9.87 * 312 / 989.4));
  CHECK(*row.low_time.hours == Approx(2.09));
  question.low.profile = config::find_profile(kSources, "cpu");
  CHECK_THROWS_WITH(paper.price(question), Catch::Contains("profile 'cpu' has no bf16 peak"));
}

TEST_CASE("measured step times and the paper's steps make calibrated hours", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  for (config::Profile* profile : {&question.low.profile, &question.high.profile})
    profile->measured.steps = {step("qwen_moe", "full", 2.0), step("qwen_moe", "one-expert", 1.0)};
  const PricedTable table = paper.price(question);
  const PricedRow& qwen = table.rows[0];
  CHECK(qwen.evidence() == measure::Evidence::calibrated);
  CHECK(*qwen.full_time.hours == Approx(21150 * 2.0 / 3600));
  CHECK(*qwen.low_time.hours == Approx(4200 * 1.0 / 3600));
  CHECK(*qwen.high_time.hours == Approx(4100 * 2.0 / 3600));
  CHECK(qwen.saving ==
        Approx(1 - (4 * 4200 * 1.0 * 0.10 + 4100 * 2.0 * 0.20) / (21150 * 2.0 * 0.20)));
  // Llama was not measured: named, not guessed.
  CHECK_FALSE(table.rows[3].priced);
  CHECK(table.rows[3].evidence() == measure::Evidence::none);
  CHECK(table.rows[3].missing().find("has no measured step of llama_moe/c4 full") !=
        std::string::npos);
}

TEST_CASE("a step timed with other tokens is scaled to the paper's, and is a projection",
          "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  config::MeasuredStep half = step("qwen_moe", "full", 2.0);
  half.batch = 8;
  question.high.profile.measured.steps = {half};
  question.low.profile.measured.steps = {step("qwen_moe", "one-expert", 1.0)};
  const PricedRow row = paper.price(question).rows[0];
  CHECK(*row.full_time.hours == Approx(21150 * 2.0 * 2 / 3600));
  CHECK(row.full_time.evidence == measure::Evidence::projected);
  CHECK_THAT(row.full_time.basis, Catch::Contains("with 8192 tokens, not 16384"));
  CHECK(row.low_time.evidence == measure::Evidence::calibrated);
}

TEST_CASE("a smaller model's step is scaled by FLOPs and is a projection", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  config::MeasuredStep small = step("qwen_moe", "full", 0.5);
  small.size = "mini";
  small.batch = 8;
  small.sequence = 128;
  config::MeasuredStep submodel = small;
  submodel.shape = "one-expert";
  question.high.profile.measured.steps = {small};
  question.low.profile.measured.steps = {submodel};
  CHECK(paper.price(question).rows[0].missing().find("does not say its FLOPs") !=
        std::string::npos);
  question.high.profile.measured.steps[0].flops_per_token = 1e7;
  question.low.profile.measured.steps[0].flops_per_token = 1e7;
  const PricedRow row = paper.price(question).rows[0];
  CHECK(row.evidence() == measure::Evidence::projected);
  CHECK(*row.full_time.hours ==
        Approx(21150 * 0.5 / 3600 * (16384.0 * 14550564864.0) / (1024.0 * 1e7)));
}

TEST_CASE("each device is priced by the best that is known of it, and each number says by what",
          "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.35, 0.10);
  question.basis = Basis::best;
  question.high.profile = named("mine");
  question.high.profile.measured.steps = {step("qwen_moe", "full", 2.0)};
  const PricedRow row = paper.price(question).rows[0];
  CHECK(row.low_time.evidence == measure::Evidence::published);
  CHECK(*row.low_time.hours == 2.09);
  CHECK(row.full_time.evidence == measure::Evidence::calibrated);
  CHECK(row.high_time.evidence == measure::Evidence::calibrated);
  CHECK(row.evidence() == measure::Evidence::mixed);
  question.low.profile = config::find_profile(kSources, "h100-sxm");
  CHECK(paper.price(question).rows[0].low_time.evidence == measure::Evidence::projected);
  CHECK(paper.price(question).rows[0].evidence() == measure::Evidence::projected);
}

TEST_CASE("an assumed utilisation projects from FLOPs and is what the hours imply", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.basis = Basis::projected;
  question.utilisation = 0.4;
  const PricedRow row = paper.price(question).rows[0];
  CHECK(row.low_time.evidence == measure::Evidence::projected);
  CHECK(*row.low_time.hours == Approx(4200 * 16384.0 * 10813440000.0 / (0.4 * 165.2e12) / 3600));
  CHECK(*row.low_time.utilisation == Approx(0.4));
  CHECK_THAT(row.low_time.basis, Catch::Contains("40 % of 165.2 TFLOP/s, assumed"));
  question.utilisation = 1;
  CHECK(*paper.price(question).rows[0].low_time.utilisation == Approx(1));
  question.utilisation = 1.2;
  CHECK_THROWS_WITH(paper.price(question), Catch::Contains("at most 1"));
}

TEST_CASE("the paper's hours show the utilisation of the audit", "[claims]") {
  const Paper paper;
  const PricedTable table = paper.price(paper.question());
  CHECK(100 * *table.rows[0].full_time.utilisation == Approx(45.5).margin(0.05));
  CHECK(100 * *table.rows[3].low_time.utilisation == Approx(138.5).margin(0.05));
  CHECK(100 * *table.rows[1].high_time.utilisation == Approx(98.3).margin(0.05));
}

TEST_CASE("measured hours are refused where nothing was measured", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  question.basis = Basis::measured;
  CHECK_THROWS_WITH(paper.price(question),
                    Catch::Contains("no step was measured on 'rtx-4090' or 'a100-80g'"));
}

TEST_CASE("a measurement that is not certified is named once", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question();
  for (config::Profile* profile : {&question.low.profile, &question.high.profile}) {
    *profile = named("busy");
    profile->has_measurement = true;
    profile->measured.reason = "load 3.1";
    profile->measured.steps = {step("qwen_moe", "full", 2.0)};
  }
  question.basis = Basis::best;
  CHECK(paper.price(question).doubts ==
        std::vector<std::string>{"profile 'busy' is not certified: load 3.1"});
  question.high.profile.measured.certified = true;
  question.low.profile.measured.certified = true;
  CHECK(paper.price(question).doubts.empty());
}

TEST_CASE("two profiles price submodels on one device and the rest on another", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  question.low.profile.measured.steps = {step("qwen_moe", "one-expert", 3.0)};
  question.high.profile.measured.steps = {step("qwen_moe", "full", 1.5)};
  const PricedRow row = paper.price(question).rows[0];
  CHECK(*row.low_time.hours == Approx(4200 * 3.0 / 3600));
  CHECK(*row.high_time.hours == Approx(4100 * 1.5 / 3600));
}

namespace {

config::MeasuredStep timed(config::MeasuredStep step, double low, double high) {
  step.seconds_low = low;
  step.seconds_high = high;
  return step;
}

// Both devices measured: the submodels' step is known to 0.8 to 1.3 times.
PriceQuestion timed_question(const Paper& paper, const config::MeasuredStep& full) {
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  question.low.profile = named("cheap");
  question.high.profile = named("dear");
  question.low.profile.measured.steps = {timed(step("qwen_moe", "one-expert", 3.0), 2.4, 3.9)};
  question.high.profile.measured.steps = {full};
  return question;
}

}  // namespace

TEST_CASE("a timed step's interval is carried into hours and into the saving", "[claims]") {
  const Paper paper;
  const PricedRow row = paper.price(timed_question(paper, step("qwen_moe", "full", 1.5))).rows[0];
  REQUIRE(row.low_time.range);
  CHECK(row.low_time.range->low == Approx(*row.low_time.hours * 2.4 / 3.0));
  CHECK(row.low_time.range->high == Approx(*row.low_time.hours * 3.9 / 3.0));
  CHECK_FALSE(row.full_time.range);
  REQUIRE(row.timing_range);
  const double full = *row.full_time.hours * 0.20;
  const double fine = *row.high_time.hours * 0.20;
  const double submodels = 4 * 0.10;  // four devices
  CHECK(row.timing_range->low == Approx(1 - (row.low_time.range->high * submodels + fine) / full));
  CHECK(row.timing_range->high == Approx(1 - (row.low_time.range->low * submodels + fine) / full));
}

TEST_CASE("phases of one timed step err together, so that their ratio stays", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::best;
  question.high.profile = named("dear");
  question.high.profile.measured.steps = {timed(step("qwen_moe", "full", 1.5), 0.75, 3.0)};
  const PricedRow row = paper.price(question).rows[0];
  REQUIRE(row.timing_range);
  // Half and twice the hours of both: only the submodels' share of the cost moves.
  const double share = 1 - row.line.a;
  const double submodels = row.line.b * 0.5;
  CHECK(row.saving == Approx(1 - share - submodels));
  CHECK(row.timing_range->low == Approx(1 - share - 2 * submodels));
  CHECK(row.timing_range->high == Approx(1 - share - submodels / 2));
}

TEST_CASE("two timed steps err apart, so that what they leave open does not add up", "[claims]") {
  const Paper paper;
  const PricedRow row =
      paper.price(timed_question(paper, timed(step("qwen_moe", "full", 1.5), 0.75, 3.0))).rows[0];
  REQUIRE(row.timing_range);
  // Of the submodels' share of the cost: 0.8 to 1.3 times by their own step, twice to half by that
  // of the whole model.
  const double submodels = row.line.b * 0.5;
  CHECK(row.timing_range->low == Approx(row.saving - submodels * std::hypot(0.3, 1.0)));
  CHECK(row.timing_range->high == Approx(row.saving + submodels * std::hypot(0.2, 0.5)));
}

TEST_CASE("a step of a profile that knows no interval gives none", "[claims]") {
  const Paper paper;
  PriceQuestion question = paper.question(0.10, 0.20);
  question.basis = Basis::measured;
  question.low.profile.measured.steps = {step("qwen_moe", "one-expert", 3.0)};
  question.high.profile.measured.steps = {step("qwen_moe", "full", 1.5)};
  CHECK_FALSE(paper.price(question).rows[0].timing_range);
}

TEST_CASE("the curve runs from ratio 0 to the last, and crosses zero at the break-even",
          "[claims]") {
  const measure::SavingLine line{.a = 0.8, .b = 0.4};
  const std::vector<SavingPoint> curve = saving_curve(line, 3.0, 4);
  REQUIRE(curve.size() == 4);
  CHECK(curve.front().saving == 0.8);
  CHECK(curve[2].price_ratio == Approx(2.0));
  CHECK(curve[2].saving == Approx(0).margin(1e-12));
  CHECK(curve.back().saving == Approx(-0.4));
}

TEST_CASE("where each row has prices of its own, the paper's are the first row's", "[claims]") {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "claims.toml", R"(title = "t"
source = "s"
[[table]]
id = "t"
keys = ["row"]
columns = [{ id = "hours", unit = "h" }, { id = "cheap", unit = "USD/h" }, { id = "dear", unit = "USD/h" }]
rows = [["a", "10", "1.0", "2.0"], ["b", "10", "1.5", "6.0"]]
[[check]]
kind = "price-sensitivity"
id = "a"
statement = "s"
table = "t"
full_hours = "hours"
low_hours = "hours"
high_hours = "hours"
devices = "4"
low_price = "cheap"
high_price = "dear"
)");
  const Claims claims = load_claims(folder.path() / "claims.toml", "claims.toml");
  const PriceCheck& check = price_check(claims, "t");
  CHECK(paper_price(claims, check, /*low=*/true) == 1);
  CHECK(paper_price(claims, check, /*low=*/false) == 2);
}

TEST_CASE("a table the claims cannot price is refused with those they can", "[claims]") {
  const Paper paper;
  CHECK_THROWS_WITH(price_check(paper.claims, "table9"),
                    Catch::Contains("tables that can be: table3"));
  CHECK_THROWS_AS(paper.price(paper.question(0)), Error);
}

}  // namespace repro::claims
