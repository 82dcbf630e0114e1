// The exact lane. Bits are compared where golden and runs are of one platform; the order of the
// data and the schedule of the rate are integers and a few sums, the same everywhere.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "check/cause.hpp"
#include "check/compare.hpp"

namespace repro::checks {
namespace {

// Two compilers' cosines differ in the last bits.
constexpr double kRateRounding = 1e-12;

struct Pair {
  int64_t seed;
  const Member* then;
  const Member* now;
};

std::vector<Pair> pairs_of(const Ensemble& then, const Ensemble& now,
                           const std::vector<int64_t>& seeds) {
  std::vector<Pair> pairs;
  for (const int64_t seed : seeds) {
    const auto a = then.find(seed), b = now.find(seed);
    if (a != then.end() && b != now.end()) pairs.push_back({seed, &a->second, &b->second});
  }
  return pairs;
}

bool other_order(const Member& then, const Member& now) {
  return !then.order.empty() && !now.order.empty() && then.order != now.order;
}

bool other_order(const Pair& pair) { return other_order(*pair.then, *pair.now); }

// By digests where both have one, because a golden keeps every so many steps; and by the series,
// because a log's digest is of its losses alone.
bool same_bits(const Pair& pair) {
  const bool known = !pair.then->digest.empty() && !pair.now->digest.empty();
  if (known && pair.then->digest != pair.now->digest) return false;
  return !first_difference(pair.seed, *pair.then, *pair.now);
}

Row row_of(const std::string& name, const char* quantity, size_t pairs) {
  return {.training = name,
          .quantity = quantity,
          .lane = Lane::exact,
          .golden = fmt::format("{} seed{}", pairs, pairs == 1 ? "" : "s"),
          .now = "equal",
          .tolerance = "equal bits"};
}

std::string difference_text(const Pair& pair) {
  if (const auto first = first_difference(pair.seed, *pair.then, *pair.now))
    return text_of(*first, other_order(pair));
  return fmt::format("seed {}: between the steps that the golden keeps", pair.seed);
}

Row records_row(const std::string& name, const Golden& golden, const Observations& now,
                const std::vector<Pair>& pairs) {
  Row row = row_of(name, "every record", pairs.size());
  // Bits decide alone where no other lane does.
  row.advisory = !golden.policy.exact_gates && !golden.trainings.at(name).tolerance.empty();
  if (const auto unlike = differences(golden.platform, now.platform); !unlike.empty()) {
    row.now = "not compared";
    row.verdict = Verdict::not_comparable;
    row.reason = "another platform: " + join(unlike, "; ");
    return row;
  }
  size_t unlike = 0;
  for (const Pair& pair : pairs) {
    if (same_bits(pair)) continue;
    if (unlike++ == 0) row.reason = difference_text(pair);
  }
  if (unlike == 0) return row;
  row.now = fmt::format("{} differ", unlike);
  row.verdict = Verdict::suspect;
  return row;
}

Row order_row(const std::string& name, const Golden& golden, const Observations& now,
              const std::vector<Pair>& pairs) {
  Row row = row_of(name, "order of the data", pairs.size());
  row.tolerance = "equal";
  bool known = false;
  for (const Pair& pair : pairs) {
    known = known || (!pair.then->order.empty() && !pair.now->order.empty());
    if (!other_order(pair) || row.verdict == Verdict::suspect) continue;
    row.golden = pair.then->order;
    row.now = pair.now->order;
    const bool chosen = chose_other_text(golden, now, *pair.then, *pair.now);
    row.verdict = chosen ? Verdict::not_comparable : Verdict::suspect;
    row.reason = fmt::format("seed {} saw other tokens, or the same in another order{}", pair.seed,
                             chosen ? ": another platform's sums put a document elsewhere" : "");
  }
  if (known) return row;
  row.now = "not known";
  row.verdict = Verdict::not_comparable;
  row.reason = "one of the two does not say which tokens it saw";
  return row;
}

Member with_rate_alone(const Member& member) {
  Member rate;
  if (const auto at = member.series.find("lr"); at != member.series.end())
    rate.series["lr"] = at->second;
  return rate;
}

Row rate_row(const std::string& name, const std::vector<Pair>& pairs) {
  Row row = row_of(name, "learning rate by step", pairs.size());
  row.tolerance = fmt::format("{} of it", kRateRounding);
  for (const Pair& pair : pairs) {
    const auto first = first_difference(pair.seed, with_rate_alone(*pair.then),
                                        with_rate_alone(*pair.now), kRateRounding);
    if (!first) continue;
    row.golden = fmt::format("{}", first->golden);
    row.now = fmt::format("{}", first->now);
    row.golden_value = first->golden;
    row.now_value = first->now;
    row.direction = first->now > first->golden ? 1 : -1;
    row.verdict = Verdict::suspect;
    row.reason = text_of(*first, other_order(pair));
    break;
  }
  return row;
}

// A seed that is another one again: nothing new was measured with it.
Row seeds_row(const std::string& name, const Ensemble& then, const Ensemble& now,
              const std::vector<int64_t>& seeds) {
  Ensemble compared;
  for (const int64_t seed : seeds)
    if (const auto at = now.find(seed); at != now.end()) compared[seed] = at->second;
  Row row = row_of(name, "seeds of their own", compared.size());
  row.tolerance = "no two alike";
  row.now = fmt::format("{} unlike", compared.size());
  const std::vector<std::string> repeated = repeated_seeds(compared);
  if (repeated.empty() || !repeated_seeds(then).empty()) return row;
  row.now = fmt::format("{} alike", repeated.size());
  row.verdict = Verdict::suspect;
  row.reason = join(repeated, "; ");
  return row;
}

bool has_series(const Ensemble& ensemble, const char* series) {
  return !ensemble.empty() && ensemble.begin()->second.series.contains(series);
}

// "loss at step 20 is not a number"; "" = every value is one.
std::string no_number_text(const Member& member) {
  for (const auto& [name, series] : member.series)
    for (size_t i = 0; i < series.values.size(); ++i)
      if (!std::isfinite(series.values[i]))
        return fmt::format("{} at step {} is not a number", name, series.steps[i]);
  return "";
}

// Whether a log has a loss at each step that one of the golden's has, and ends with it.
bool has_all_losses(const Ensemble& then, const Member& now) {
  if (!has_series(then, "loss")) return true;
  const auto at = now.series.find("loss");
  if (at == now.series.end() || at->second.steps.empty()) return false;
  const std::vector<int64_t>& steps = at->second.steps;
  return std::any_of(then.begin(), then.end(), [&](const auto& one) {
    const auto loss = one.second.series.find("loss");
    if (loss == one.second.series.end() || loss->second.steps.empty()) return false;
    const std::vector<int64_t>& wanted = loss->second.steps;
    return wanted.back() == steps.back() &&
           std::includes(steps.begin(), steps.end(), wanted.begin(), wanted.end());
  });
}

// Of logs of which nothing says which are twins: none where every value is there and a number, else
// a row, for no other lane need look at each step.
std::vector<Row> values_rows(const std::string& name, const Ensemble& then, const Ensemble& now) {
  Row row = row_of(name, "every value", now.size());
  row.tolerance = "there, and a number";
  for (const Ensemble* side : {&then, &now})
    for (const auto& [seed, member] : *side)
      if (const std::string what = no_number_text(member); row.reason.empty() && !what.empty())
        row.reason = fmt::format("{}, seed {}: {}", side == &then ? "then" : "now", seed, what);
  for (const auto& [seed, member] : now)
    if (row.reason.empty() && !has_all_losses(then, member))
      row.reason = fmt::format("now, seed {}: has not the steps that were recorded", seed);
  if (row.reason.empty()) return {};
  row.now = "not whole";
  row.verdict = Verdict::suspect;
  return {row};
}

}  // namespace

bool chose_other_text(const Golden& golden, const Observations& now, const Member& then,
                      const Member& there) {
  return there.chosen_by_floats && other_order(then, there) &&
         !differences(golden.platform, now.platform).empty();
}

std::vector<Row> exact_rows(const std::string& name, const Golden& golden, const Observations& now,
                            const std::vector<int64_t>& seeds) {
  const Ensemble& then = golden.trainings.at(name).seeds;
  const Ensemble& there = now.trainings.at(name);
  if (then.empty() || then.begin()->second.series.empty()) return {};
  // Of several logs of another program nothing says which is whose twin.
  if (!golden.paired && then.size() + there.size() > 2) return values_rows(name, then, there);
  const std::vector<Pair> pairs = pairs_of(then, there, seeds);
  std::vector<Row> rows = {records_row(name, golden, now, pairs),
                           order_row(name, golden, now, pairs)};
  if (has_series(then, "lr")) rows.push_back(rate_row(name, pairs));
  if (seeds.size() > 1) rows.push_back(seeds_row(name, then, there, seeds));
  return rows;
}

}  // namespace repro::checks
