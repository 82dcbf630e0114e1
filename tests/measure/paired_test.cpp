#include "measure/paired.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/random.hpp"

using namespace repro;
using namespace repro::measure;

namespace {

using Values = std::vector<double>;

// `both` right in both, then `a` in a alone, `b` in b alone, `none` in none.
struct Counts {
  int both, a, b, none;
  Values of_a() const { return values(true); }
  Values of_b() const { return values(false); }

 private:
  Values values(bool is_a) const {
    Values all(static_cast<size_t>(both), 1.0);
    all.insert(all.end(), static_cast<size_t>(a), is_a ? 1.0 : 0.0);
    all.insert(all.end(), static_cast<size_t>(b), is_a ? 0.0 : 1.0);
    all.insert(all.end(), static_cast<size_t>(none), 0.0);
    return all;
  }
};

double normal(uint64_t seed, uint64_t stream, uint64_t index) {
  return random_normal(seed, stream, index);
}

}  // namespace

// scipy.stats.binomtest(2, 10).pvalue = 0.109375; statsmodels' mcnemar(exact=False) of 10 and 30.
TEST_CASE("few unlike pairs are tested exactly, many by chi-squared", "[measure]") {
  const Counts few{50, 2, 8, 40};
  const Paired exact = compare_paired(few.of_a(), few.of_b(), {});
  CHECK(exact.items == 100);
  CHECK(exact.clusters == 100);
  CHECK(exact.only_a == 2);
  CHECK(exact.only_b == 8);
  CHECK(exact.difference == Approx(0.06));
  CHECK(exact.differing() == Approx(0.1));
  CHECK(exact.test.p == Approx(0.109375));
  const Counts many{50, 10, 30, 10};
  const Paired test = compare_paired(many.of_a(), many.of_b(), {});
  CHECK(test.test.statistic == Approx(9.025));  // (|10 - 30| - 1)^2 / 40
  CHECK(test.test.p == Approx(0.0026635).epsilon(1e-3));
}

TEST_CASE("equal answers are no difference, whatever they are", "[measure]") {
  const Counts same{30, 0, 0, 70};
  const Paired pairs = compare_paired(same.of_a(), same.of_b(), {});
  CHECK(pairs.difference == 0);
  CHECK(pairs.test.p == 1);
}

TEST_CASE("items that are answered alike within a cluster say less than as many of their own",
          "[measure]") {
  // Ten clusters of ten: in six all of b is right alone, in four all of a.
  Values a, b;
  std::vector<int32_t> clusters;
  for (int32_t c = 0; c < 10; ++c)
    for (int i = 0; i < 10; ++i) {
      a.push_back(c < 4 ? 1 : 0);
      b.push_back(c < 4 ? 0 : 1);
      clusters.push_back(c);
    }
  const Paired own = compare_paired(a, b, {}), clustered = compare_paired(a, b, clusters);
  CHECK(own.difference == clustered.difference);
  CHECK(clustered.clusters == 10);
  CHECK(clustered.standard_error == Approx(own.standard_error * std::sqrt(10.0)).epsilon(0.06));
  CHECK(own.test.p < 0.06);
  CHECK(clustered.test.p > 0.4);
  CHECK(clustered.test.degrees_of_freedom == 9);
}

TEST_CASE("one cluster of all is none, and few unlike pairs are exact within clusters too",
          "[measure]") {
  const Counts few{50, 2, 8, 40};
  std::vector<int32_t> clusters(100, 3);
  CHECK(compare_paired(few.of_a(), few.of_b(), clusters).clusters == 100);
  for (size_t i = 0; i < clusters.size(); ++i) clusters[i] = static_cast<int32_t>(i % 5);
  CHECK(compare_paired(few.of_a(), few.of_b(), clusters).test.p == Approx(0.109375));
}

TEST_CASE("an answer between two endings counts in proportion", "[measure]") {
  const Values a(200, 0.0);
  Values b(200, 0.25);
  for (size_t i = 0; i < 50; ++i) b[i] = 1;
  const Paired pairs = compare_paired(a, b, {});
  CHECK(pairs.difference == Approx(0.4375));
  CHECK(pairs.only_b == 50);
  CHECK(pairs.test.p < 1e-6);
}

TEST_CASE("what items leave open does not shrink with seeds, what is drawn anew in each does",
          "[measure]") {
  constexpr size_t kItems = 2000;
  const auto differences = [](size_t seeds, double item_sd, double own_sd) {
    std::vector<Values> all(seeds);
    for (uint64_t s = 0; s < seeds; ++s)
      for (uint64_t i = 0; i < kItems; ++i)
        all[s].push_back(item_sd * normal(7, 0, i) + own_sd * normal(7, 1 + s, i));
    return all;
  };
  const double root = std::sqrt(static_cast<double>(kItems));
  CHECK(item_error(differences(1, 0.3, 0.4), {}) == Approx(0.5 / root).epsilon(0.05));
  CHECK(item_error(differences(5, 0.3, 0.4), {}) == Approx(0.3 / root).epsilon(0.1));
  CHECK(item_error(differences(5, 0, 0.4), {}) < 0.15 / root);
  CHECK(item_error({Values(50, 0.1), Values(50, 0.1)}, {}) < 1e-12);  // but for rounding
}
