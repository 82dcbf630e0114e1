#include "measure/scaling_law.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/error.hpp"

namespace repro::measure {
namespace {

// Table 3 of the paper; exponents of N and D with their signs there.
constexpr double kA = 35.91, kAlpha = -0.1889, kDelta = -0.2285, kGamma = 0.0098;
constexpr double kB = 35.98, kBeta = -0.1775, kOmega = 0.5529, kZeta = -0.0259;
constexpr double kStart = 2.0732, kMost = 290.4521;

// Shares of the tokens that arXiv 2605.13247 gives its five stages, as printed: they sum to 0.999.
constexpr double kQuoted[] = {0.235, 0.095, 0.165, 0.218, 0.286};

std::vector<double> divided_by_sum(std::vector<double> shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

// From what share of the tokens is spent when each stage ends.
std::vector<double> differences(const std::vector<double>& ends) {
  std::vector<double> shares;
  double before = 0;
  for (const double end : ends) {
    if (!(end > before)) throw Error("a stage would get no tokens; use another split");
    shares.push_back(end - before);
    before = end;
  }
  return shares;
}

}  // namespace

double effective_experts(double experts) {
  if (!(experts >= 1)) throw Error("{} experts: the law begins at one", experts);
  const double shifted = experts - 1 + 1 / (1 / kStart - 1 / kMost);
  return 1 / (1 / shifted + 1 / kMost);
}

LawAt joint_law(double experts) {
  const double effective = effective_experts(experts), logarithm = std::log(effective);
  return {.m = kA * std::pow(effective, kDelta),
          .mu = -(kAlpha + kGamma * logarithm),
          .n = kB * std::pow(effective, kOmega),
          .nu = -(kBeta + kZeta * logarithm)};
}

double law_loss(double experts, double active_parameters, double tokens) {
  const LawAt law = joint_law(experts);
  return law.m * std::pow(active_parameters, -law.mu) + law.n * std::pow(tokens, -law.nu) +
         kLawFloor;
}

double optimal_tokens(double experts, double active_parameters) {
  const LawAt law = joint_law(experts);
  return std::pow(law.nu * law.n * std::pow(active_parameters, law.mu) / (law.mu * law.m),
                  1 / law.nu);
}

std::vector<double> stage_shares(const StageBudget& budget, std::span<const int64_t> experts) {
  const size_t stages = experts.size();
  check(stages > 0, "a run has a stage");
  if (budget.rule == StageRule::custom) {
    if (budget.shares.size() != stages)
      throw Error("{} shares for {} stages; give one share a stage", budget.shares.size(), stages);
    const double sum = std::accumulate(budget.shares.begin(), budget.shares.end(), 0.0);
    // Shares printed to a tenth of a percent may be as far from 1.
    if (std::abs(sum - 1) > 0.005)
      throw Error("the stages' shares sum to {}; they must sum to 1", sum);
    return divided_by_sum(budget.shares);
  }
  if (budget.rule == StageRule::quoted5) {
    if (stages != std::size(kQuoted))
      throw Error("split \"quoted5\" is of five stages, there are {}; use \"power\"", stages);
    return divided_by_sum({std::begin(kQuoted), std::end(kQuoted)});
  }
  std::vector<double> ends;
  const auto last = static_cast<double>(experts.back());
  for (const int64_t pool : experts) {
    const auto here = static_cast<double>(pool);
    ends.push_back(budget.rule == StageRule::power
                       ? std::pow(here / last, budget.power)
                       : optimal_tokens(here, budget.active_parameters) /
                             optimal_tokens(last, budget.active_parameters));
  }
  return differences(ends);
}

std::vector<int64_t> stage_steps(std::span<const double> shares, int64_t total) {
  const auto stages = static_cast<int64_t>(shares.size());
  if (total < stages) throw Error("{} steps for {} stages; make more steps", total, stages);
  std::vector<int64_t> steps;
  double end = 0;
  int64_t before = 0;
  for (int64_t s = 0; s < stages; ++s) {
    end += shares[static_cast<size_t>(s)];
    // Each stage has a step, and each one behind it.
    int64_t here = std::llround(end * static_cast<double>(total));
    if (s + 1 == stages) here = total;
    here = std::min(std::max(here, before + 1), total - (stages - 1 - s));
    steps.push_back(here - before);
    before = here;
  }
  return steps;
}

}  // namespace repro::measure
