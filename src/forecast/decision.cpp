#include "forecast/decision.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace repro::forecast {
namespace {

constexpr size_t kExpected = 1;
constexpr size_t kOutcomes = 3;

// a + b x of one pool's price, or of the inverse of its speed.
struct Line {
  double fixed = 0, slope = 0;
};
// Where two lines meet, if that is at a positive x.
std::optional<double> meeting(const Line& a, const Line& b) {
  const double x = (a.fixed - b.fixed) / (b.slope - a.slope);
  return std::isfinite(x) && x > 0 ? std::optional(x) : std::nullopt;
}

// What a use costs, or takes, of one pool alone and of the others.
class Amount {
 public:
  Amount(const Use& use, const std::vector<Pool>& pools, Want want)
      : use_(use), pools_(pools), want_(want) {}

  double at(const Speeds& speeds) const {
    return want_ == Want::cheapest ? dollars(use_, pools_, speeds) : hours(use_, speeds);
  }
  double expected() const { return at(expected_speeds(pools_.size())); }
  // Of one pool, everything as expected.
  double of(size_t pool) const {
    return want_ == Want::cheapest ? use_[pool].device_hours.expected() * pools_[pool].price
                                   : use_[pool].hours.expected();
  }
  Line by_price(size_t pool) const {
    return {expected() - of(pool), use_[pool].device_hours.expected()};
  }
  Line by_slowness(size_t pool) const { return {expected() - of(pool), of(pool)}; }

 private:
  const Use& use_;
  const std::vector<Pool>& pools_;
  Want want_;
};

bool uses(const Use& use, size_t pool) { return use[pool].hours.expected() > 0; }

}  // namespace

std::string_view name(Answer answer) {
  if (answer == Answer::depends) return "depends";
  return answer == Answer::yes ? "yes" : "no";
}

Use use_of(const std::vector<PhaseRun>& phases, const std::vector<size_t>& pools,
           size_t pool_count) {
  repro::check(phases.size() == pools.size(), "each phase stands on one pool");
  Use use(pool_count);
  for (size_t i = 0; i < phases.size(); ++i) {
    use[pools[i]].hours += phases[i].hours;
    use[pools[i]].device_hours += phases[i].device_hours;
  }
  return use;
}

void add(Use& to, const Use& more) {
  to.resize(std::max(to.size(), more.size()));
  for (size_t pool = 0; pool < more.size(); ++pool) {
    to[pool].hours += more[pool].hours;
    to[pool].device_hours += more[pool].device_hours;
  }
}

double hours(const Use& use, const Speeds& speeds) {
  double sum = 0;
  for (size_t pool = 0; pool < use.size(); ++pool) sum += use[pool].hours.values[speeds[pool]];
  return sum;
}

double dollars(const Use& use, const std::vector<Pool>& pools, const Speeds& speeds) {
  double sum = 0;
  for (size_t pool = 0; pool < use.size(); ++pool)
    sum += use[pool].device_hours.values[speeds[pool]] * pools[pool].price;
  return sum;
}

Speeds expected_speeds(size_t pool_count) { return Speeds(pool_count, kExpected); }

Spread spread_of(const std::function<double(const Speeds&)>& amount, size_t pool_count) {
  Spread spread;
  spread.expected = spread.low = spread.high = amount(expected_speeds(pool_count));
  Speeds speeds(pool_count, 0);
  while (true) {
    const double value = amount(speeds);
    spread.low = std::min(spread.low, value);
    spread.high = std::max(spread.high, value);
    size_t pool = 0;
    while (pool < pool_count && ++speeds[pool] == kOutcomes) speeds[pool++] = 0;
    if (pool == pool_count) return spread;
  }
}

Comparison compare(const Use& baseline, const Use& method, const Use& last,
                   const std::vector<Pool>& pools, Want want, bool sure) {
  const Amount full(baseline, pools, want), part(method, pools, want), end(last, pools, want);
  Comparison comparison;
  const auto spread = [&](const std::function<double(const Speeds&)>& amount) {
    return spread_of(amount, pools.size());
  };
  comparison.baseline = spread([&](const Speeds& speeds) { return full.at(speeds); });
  comparison.method = spread([&](const Speeds& speeds) { return part.at(speeds); });
  comparison.saving =
      spread([&](const Speeds& speeds) { return 1 - part.at(speeds) / full.at(speeds); });
  comparison.answer = !sure                        ? Answer::depends
                      : comparison.saving.low > 0  ? Answer::yes
                      : comparison.saving.high < 0 ? Answer::no
                                                   : Answer::depends;
  for (size_t pool = 0; pool < pools.size(); ++pool) {
    if (!uses(baseline, pool) && !uses(method, pool)) continue;
    Turn turn{.pool = pool};
    if (want == Want::cheapest) turn.price = meeting(full.by_price(pool), part.by_price(pool));
    if (const auto slowness = meeting(full.by_slowness(pool), part.by_slowness(pool)))
      turn.speed = 1 / *slowness;
    comparison.turns.push_back(turn);
  }
  const double before = part.expected() - end.expected();
  if (end.expected() > 0 && full.expected() > before)
    comparison.last_phase = (full.expected() - before) / end.expected();
  return comparison;
}

std::vector<std::vector<size_t>> placements(size_t phases, size_t pool_count) {
  std::vector<std::vector<size_t>> all;
  std::vector<size_t> pools(phases, 0);
  while (true) {
    all.push_back(pools);
    size_t phase = 0;
    while (phase < phases && ++pools[phase] == pool_count) pools[phase++] = 0;
    if (phase == phases) return all;
  }
}

}  // namespace repro::forecast
