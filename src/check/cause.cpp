#include "check/cause.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace repro::checks {
namespace {

double rounded_to(double value, int decimals) {
  const double scaled = value * std::pow(10.0, decimals);
  // So large a value has no decimals.
  return std::isfinite(scaled) ? std::round(scaled) / std::pow(10.0, decimals) : value;
}

// Those of the coarser of the two; -1 = both have all digits.
int decimals_of(const Series& a, const Series& b) {
  if (a.decimals < 0 || b.decimals < 0) return std::max(a.decimals, b.decimals);
  return std::min(a.decimals, b.decimals);
}

bool apart(int decimals, double then, double now, double relative) {
  if (!std::isfinite(then) || !std::isfinite(now)) return true;
  if (decimals >= 0) return rounded_to(then, decimals) != rounded_to(now, decimals);
  return then != now && !(std::abs(then - now) <= relative * std::abs(then));
}

std::optional<FirstDifference> first_apart(int64_t seed, const std::string& name,
                                           const Series& golden, const Series& now,
                                           double relative) {
  const int decimals = decimals_of(golden, now);
  size_t j = 0;
  for (size_t i = 0; i < golden.steps.size(); ++i) {
    while (j < now.steps.size() && now.steps[j] < golden.steps[i]) ++j;
    if (j == now.steps.size() || now.steps[j] != golden.steps[i])
      return FirstDifference{seed, golden.steps[i], "steps", golden.values[i], 0};
    if (apart(decimals, golden.values[i], now.values[j], relative))
      return FirstDifference{seed, golden.steps[i], name, golden.values[i], now.values[j]};
  }
  if (!golden.steps.empty() && !now.steps.empty() && now.steps.back() > golden.steps.back())
    return FirstDifference{seed, golden.steps.back() + 1, "steps", 0, now.values.back()};
  return std::nullopt;
}

// In the order in which a step computes them.
int rank_of_series(const std::string& name) {
  const char* kOrder[] = {"steps", "lr", "loss", "grad_norm"};
  for (int i = 0; i < 4; ++i)
    if (name == kOrder[i]) return i;
  return 4;
}

std::string cause_of(const FirstDifference& at, bool other_tokens) {
  if (at.series == "steps") return "one of the two ends here or skips it";
  if (other_tokens) return "other tokens: the data or their order";
  if (at.series == "lr") return "the schedule of the learning rate";
  if (at.series == "loss" && at.step <= 1)
    return "before any update: the initial weights, the first batch or the forward pass";
  if (at.series == "loss")
    return "the steps before had equal losses and gradients: an update, or what this step alone "
           "does";
  return "equal loss and another gradient: the backward pass";
}

}  // namespace

std::optional<FirstDifference> first_difference(int64_t seed, const Member& golden,
                                                const Member& now, double relative) {
  std::optional<FirstDifference> first;
  const auto key = [](const FirstDifference& at) {
    return std::make_tuple(at.step, rank_of_series(at.series));
  };
  for (const auto& [name, series] : golden.series) {
    const auto other = now.series.find(name);
    const auto found = first_apart(seed, name, series,
                                   other == now.series.end() ? Series{} : other->second, relative);
    if (found && (!first || key(*found) < key(*first))) first = found;
  }
  return first;
}

std::string text_of(const FirstDifference& at, bool other_tokens) {
  const std::string where = fmt::format("seed {}, step {}", at.seed, at.step);
  if (at.series == "steps") return fmt::format("{}: {}", where, cause_of(at, other_tokens));
  return fmt::format("{}: {} {} then, {} now; {}", where, at.series, at.golden, at.now,
                     cause_of(at, other_tokens));
}

}  // namespace repro::checks
