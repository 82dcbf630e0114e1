#include "measure/choices.hpp"

#include <catch2/catch.hpp>

using namespace repro::measure;

namespace {

ScoredItem item(int64_t gold, std::vector<double> log_likelihoods) {
  const std::vector<int64_t> ones(log_likelihoods.size(), 1);
  return {gold, std::move(log_likelihoods), ones, ones};
}

// `right` of `n` items with two choices are answered, the answer is always 0.
std::vector<ScoredItem> always_first(int64_t right, int64_t n) {
  std::vector<ScoredItem> items;
  for (int64_t i = 0; i < n; ++i) items.push_back(item(i < right ? 0 : 1, {-1, -2}));
  return items;
}

}  // namespace

TEST_CASE("the likeliest choice is predicted, by itself, by character or by byte", "[measure]") {
  // Three choices: likeliest as it is, by character, by byte.
  const ScoredItem one{0, {-6, -8, -10}, {4, 8, 9}, {4, 9, 20}};
  CHECK(predicted(one, Normalised::none) == 0);
  CHECK(predicted(one, Normalised::by_characters) == 1);
  CHECK(predicted(one, Normalised::by_bytes) == 2);
  CHECK(predicted(item(1, {-2, -1, -1}), Normalised::none) == 1);  // the first of equals
}

TEST_CASE("an accuracy has the harness's standard error", "[measure]") {
  const Accuracy found = accuracy(always_first(30, 100), Normalised::none);
  CHECK(found.correct == 30);
  CHECK(found.value == Approx(0.3));
  CHECK(found.standard_error == Approx(0.0460566));  // sqrt(0.3 * 0.7 / 99)
  CHECK(found.predictions == std::vector<int64_t>{100});
  CHECK(accuracy(always_first(1, 1), Normalised::none).standard_error == 0);
}

TEST_CASE("who knows nothing has the share of the commonest answer, or of a draw", "[measure]") {
  const std::vector<ScoredItem> items = {item(2, {0, 0, 0, 0}), item(2, {0, 0, 0, 0}),
                                         item(0, {0, 0})};
  const Ignorance found = ignorance(items);
  CHECK(found.constant == Approx(2.0 / 3));
  CHECK(found.constant_index == 2);
  CHECK(found.chance == Approx((0.25 + 0.25 + 0.5) / 3));
}

TEST_CASE("a score near chance, or of one answer only, is doubted; a good one is not",
          "[measure]") {
  const auto doubted = [](const std::vector<ScoredItem>& items) {
    return doubts(accuracy(items, Normalised::none), ignorance(items));
  };
  CHECK(doubted(always_first(52, 100)) ==
        std::vector<std::string>{"within noise of chance (50.0 %)",
                                 "within noise of always answering 0 (52.0 %)",
                                 "100 % of its answers are 0"});
  std::vector<ScoredItem> good;
  for (int64_t i = 0; i < 100; ++i)
    good.push_back(item(
        i % 2, i % 2 == 0 || i < 20 ? std::vector<double>{-1, -2} : std::vector<double>{-2, -1}));
  CHECK(accuracy(good, Normalised::none).value == Approx(0.9));
  CHECK_FALSE(is_blind(accuracy(good, Normalised::none), ignorance(good)));
  const auto first = always_first(52, 100);
  CHECK(is_blind(accuracy(first, Normalised::none), ignorance(first)));
  CHECK(doubted(good).empty());
}

TEST_CASE("nine answers in ten may be the same, more are doubted", "[measure]") {
  // Of 100 items `first` are answered 0, of which 5 are wrong.
  const auto doubted = [](int64_t first) {
    std::vector<ScoredItem> items;
    for (int64_t i = 0; i < 100; ++i)
      items.push_back(item(i < first && i >= 5 ? 0 : 1,
                           i < first ? std::vector<double>{-1, -2} : std::vector<double>{-2, -1}));
    return doubts(accuracy(items, Normalised::none), ignorance(items));
  };
  CHECK(doubted(90).empty());
  CHECK(doubted(91) == std::vector<std::string>{"91 % of its answers are 0"});
}

// The right answers of MMLU are 22.9, 24.7, 25.5 and 26.9 % A to D.
TEST_CASE("who always answers one of the rarer letters is far from chance, and knows nothing",
          "[measure]") {
  std::vector<ScoredItem> items;
  for (int64_t i = 0; i < 10000; ++i)
    items.push_back(item(i < 2290 ? 0 : i < 4760 ? 1 : i < 7310 ? 2 : 3, {-1, -2, -2, -2}));
  const Accuracy found = accuracy(items, Normalised::none);
  CHECK(found.value == Approx(0.229));
  CHECK(is_blind(found, ignorance(items)));
  CHECK(doubts(found, ignorance(items)) == std::vector<std::string>{"100 % of its answers are 0"});
}

TEST_CASE(
    "where nearly all right answers are alike, answering alike is knowledge when it is better",
    "[measure]") {
  // 19 in 20 are 0, and every other one is told from them.
  std::vector<ScoredItem> items;
  for (int64_t i = 0; i < 1000; ++i)
    items.push_back(i % 20 == 0 ? item(1, {-2, -1}) : item(0, {-1, -2}));
  CHECK_FALSE(is_blind(accuracy(items, Normalised::none), ignorance(items)));
}

// Connor (1987), Biometrics 43: his formula worked by hand for a share of 0.3 and 0.1 apart:
// (1.959964 * sqrt(0.3) + 0.841621 * sqrt(0.29))^2 / 0.01 = 233.09.
TEST_CASE("a point of difference takes thousands of items", "[measure]") {
  CHECK(items_to_see(0.1, 0.3) == 234);
  CHECK(items_to_see(0.01, 0.3) > 20000);
  CHECK(items_to_see(0.01, 0.1) < items_to_see(0.01, 0.3));
}
