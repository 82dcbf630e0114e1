#pragma once
// The joint scaling law of mixture-of-experts models (Ludziejewski et al. 2025, "Joint MoE Scaling
// Laws", eq. 3-7, tables 3-4), and what progressive training (arXiv 2605.13247) makes of such a
// law: how a budget of tokens is shared out to stages of a growing pool.
//
//   L(N, E, D) = m(E) N^-mu(E) + n(E) D^-nu(E) + c      N active parameters, D tokens

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace repro::measure {

// Of E experts as few as they are worth: 1 / E_hat = 1 / (E - 1 + 1 / (1 / E_start - 1 / E_max)) +
// 1 / E_max, with the law's E_start and E_max. Error when E < 1.
double effective_experts(double experts);

struct LawAt {
  double m = 0, mu = 0;  // of active parameters
  double n = 0, nu = 0;  // of tokens
};
// With the published constants.
LawAt joint_law(double experts);
constexpr double kLawFloor = 1.3637;  // c, nats

double law_loss(double experts, double active_parameters, double tokens);

// Tokens for which this many active parameters are the compute-optimal size, d L / d ln N = d L /
// d ln D: D* = (nu n N^mu / (mu m))^(1 / nu).
double optimal_tokens(double experts, double active_parameters);

// How a run's tokens are shared out to stages.
enum class StageRule {
  quoted5,    // that paper's own five: 23.5, 9.5, 16.5, 21.8, 28.6 %
  power,      // so far a stage goes: (E_s / E_S)^p of the tokens
  joint_law,  // likewise D*(E_s) / D*(E_S)
  custom      // as given
};
struct StageBudget {
  StageRule rule = StageRule::power;
  double power = 0.516;          // fits that paper's own shares to 1.5 points
  double active_parameters = 0;  // for joint_law
  std::vector<double> shares;    // for custom
};
// One share a stage, ascending pools; they are positive and sum to 1. Error when the rule gives no
// such shares for these pools.
std::vector<double> stage_shares(const StageBudget& budget, std::span<const int64_t> experts);

// Whole steps of each stage, at least 1, that sum to `total`: the end of each stage is rounded, not
// its length. Error when there are fewer steps than stages.
std::vector<int64_t> stage_steps(std::span<const double> shares, int64_t total);

}  // namespace repro::measure
