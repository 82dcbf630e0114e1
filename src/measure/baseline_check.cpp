#include "measure/baseline_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

const RateLosses& own_rate(const BaselineEvidence& evidence) {
  const RateLosses* own = nullptr;
  for (const RateLosses& one : evidence.rates) {
    const auto same = [&](const RateLosses& other) { return other.factor == one.factor; };
    if (std::count_if(evidence.rates.begin(), evidence.rates.end(), same) > 1)
      throw Error("a baseline check has two entries of rate x {}; give each factor once",
                  one.factor);
    if (one.factor == 1) own = &one;
  }
  if (own == nullptr || own->final_losses.empty())
    throw Error("a baseline check needs the baseline's own final losses, at rate x 1");
  return *own;
}

bool all_finite(const std::vector<double>& losses) {
  return std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); });
}

// A rate at which a seed diverged is no better one.
void check_rates(const BaselineEvidence& evidence, const RateLosses& own, double margin,
                 std::vector<std::string>& reasons) {
  for (const RateLosses& one : evidence.rates) {
    if (&one == &own || one.final_losses.empty() || !all_finite(one.final_losses)) continue;
    const double gain = mean(own.final_losses) - mean(one.final_losses);
    if (gain > margin)
      reasons.push_back(
          fmt::format("a rate x {} ends {:.3f} nats lower (margin {})", one.factor, gain, margin));
  }
}

void check_seeds(const RateLosses& own, double margin, std::vector<std::string>& reasons) {
  const auto [low, high] = std::minmax_element(own.final_losses.begin(), own.final_losses.end());
  const double spread = *high - *low;
  if (spread > margin)
    reasons.push_back(fmt::format("seeds spread over {:.2f} nats (margin {})", spread, margin));
}

void check_plateaus(const std::vector<Plateau>& plateaus, double margin,
                    std::vector<std::string>& reasons) {
  if (plateaus.empty()) return;
  const Plateau& worst =
      *std::max_element(plateaus.begin(), plateaus.end(),
                        [](const Plateau& a, const Plateau& b) { return a.share() < b.share(); });
  if (worst.share() > margin)
    reasons.push_back(fmt::format("plateau until step {} of {} (margin {} %)", worst.until,
                                  worst.steps, 100 * margin));
}

bool other_rate_was_run(const BaselineEvidence& evidence) {
  return std::any_of(evidence.rates.begin(), evidence.rates.end(), [](const RateLosses& one) {
    return one.factor != 1 && !one.final_losses.empty();
  });
}

void add_luck(const std::vector<double>& steps, BaselineCheck& result) {
  if (steps.size() < 2) return;
  const auto seeds = static_cast<int64_t>(steps.size());
  result.luck = convergence_bound(mean(steps), standard_deviation(steps), seeds, seeds);
  result.luck_text =
      std::isinf(result.luck->max_speedup)
          ? fmt::format("luck alone could give any step speed-up with {} seeds", seeds)
          : fmt::format("luck alone could give a step speed-up of {:.2f}x with {} seeds",
                        result.luck->max_speedup, seeds);
}

}  // namespace

std::string_view name(BaselineState state) {
  switch (state) {
    case BaselineState::passes:
      return "passes";
    case BaselineState::fails:
      return "fails";
    case BaselineState::not_checked:
      return "not checked";
  }
  return "";
}

double Plateau::share() const {
  return static_cast<double>(until - from) / static_cast<double>(steps - warmup);
}

Plateau start_plateau(std::span<const double> losses, int64_t warmup, int64_t window) {
  const auto steps = static_cast<int64_t>(losses.size());
  if (warmup < 0 || window < 1 || steps - warmup < 2 * window)
    throw Error(
        "a plateau is looked for in {} steps after a warm-up of {}: fewer than two windows "
        "of {}",
        steps - warmup, warmup, window);
  const auto smoothed = [&](int64_t step) {  // over the window that begins after `step`
    return mean(losses.subspan(static_cast<size_t>(step), static_cast<size_t>(window)));
  };
  std::vector<double> curve;
  for (int64_t step = warmup; step + window <= steps; ++step) curve.push_back(smoothed(step));
  constexpr double kHardly = 0.05;
  Plateau longest{.from = warmup, .until = warmup, .warmup = warmup, .steps = steps};
  const auto half = static_cast<size_t>((steps - warmup) / 2);
  for (size_t p = 0; p < std::min(half, curve.size()); ++p) {
    const double clear = curve[p] - kHardly * (curve[p] - curve.back());
    size_t q = p;
    while (q < curve.size() && curve[q] >= clear) ++q;
    const auto from = warmup + static_cast<int64_t>(p), until = warmup + static_cast<int64_t>(q);
    if (until - from > longest.until - longest.from) longest.from = from, longest.until = until;
  }
  return longest;
}

BaselineCheck check_baseline(const BaselineEvidence& evidence, const BaselineMargins& margins) {
  const RateLosses& own = own_rate(evidence);
  BaselineCheck result;
  if (all_finite(own.final_losses)) {
    check_rates(evidence, own, margins.rate_gain, result.reasons);
    check_seeds(own, margins.seed_spread, result.reasons);
  } else {
    result.reasons.emplace_back("a seed diverges at the baseline's own rate");
  }
  check_plateaus(evidence.plateaus, margins.plateau_share, result.reasons);
  add_luck(evidence.steps_to_loss, result);
  if (!result.reasons.empty()) {
    result.state = BaselineState::fails;
  } else if (other_rate_was_run(evidence)) {
    result.state = BaselineState::passes;
  } else {
    result.reasons.emplace_back("no other learning rate was run");
  }
  return result;
}

}  // namespace repro::measure
