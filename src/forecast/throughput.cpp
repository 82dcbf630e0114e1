#include "forecast/throughput.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace repro::forecast {
namespace {

// Of the distance. Round numbers, chosen once; the self-test's figures hardly move with them.
constexpr double kOtherBoard = 0.4;  // of the same chip
constexpr double kOtherChip = 1.0;
constexpr double kOtherBits = 0.7;
constexpr double kOtherRecompute = 0.5;
constexpr double kPerDoubledSize = 0.15;
constexpr double kPerDoubledSparsity = 0.5;
constexpr double kPerDoubledSequence = 0.2;
constexpr double kPerDoubledDevices = 0.05;

constexpr size_t kNearest = 6;
constexpr double kReach = 0.5;
constexpr double kBalancePower = 0.3;
constexpr double kWiderPerDistance = 0.5;
constexpr double kCoverage = 0.9;

double octaves(double a, double b) { return std::abs(std::log2(a / b)); }

double sparsity(const TrainingSetting& setting) {
  return std::max(1.0, setting.parameters / setting.active);
}

// A dense model's tables are no part of what its products use.
bool is_dense(const ThroughputVector& vector) { return vector.parameters < 2 * vector.active; }

}  // namespace

double distance(const TrainingSetting& a, const TrainingSetting& b) {
  double sum = 0;
  if (a.profile != b.profile) sum += a.chip == b.chip && !a.chip.empty() ? kOtherBoard : kOtherChip;
  if (a.eight_bit != b.eight_bit) sum += kOtherBits;
  if (a.recompute != b.recompute) sum += kOtherRecompute;
  return sum + kPerDoubledSize * octaves(a.active, b.active) +
         kPerDoubledSparsity * octaves(sparsity(a), sparsity(b)) +
         kPerDoubledSequence * octaves(a.sequence, b.sequence) +
         kPerDoubledDevices * octaves(a.devices, b.devices);
}

std::optional<double> tensor_peak(const config::Profile& profile, const std::string& dtype) {
  if (const auto peak = profile.peak(dtype)) return peak;
  if (dtype == "bf16") return profile.peak("fp16");
  return dtype == "fp16" ? profile.peak("bf16") : std::nullopt;
}

double SpeedEstimate::distance() const {
  return nearest.empty() ? std::numeric_limits<double>::infinity() : nearest.front().distance;
}

double LeftOut::error() const { return estimate.utilisation / utilisation - 1; }
bool LeftOut::inside() const {
  return estimate.range.low <= utilisation && utilisation <= estimate.range.high;
}

ThroughputModel::ThroughputModel(std::vector<ThroughputVector> vectors, const ProfileOf& profiles)
    : vectors_(std::move(vectors)) {
  for (size_t i = 0; i < vectors_.size(); ++i) {
    const ThroughputVector& vector = vectors_[i];
    if (!vector.flops_per_second) continue;
    const config::Profile profile = profiles(vector.profile);
    const auto peak = tensor_peak(profile, vector.dtype);
    if (!peak) throw Error("vector {}: {}", vector.id, profile.missing_peak(vector.dtype));
    const double utilisation = *vector.flops_per_second / *peak * extra_work(vector.recompute);
    points_.push_back({i,
                       {.profile = vector.profile,
                        .chip = profile.chip,
                        .eight_bit = vector.dtype == "fp8",
                        .balance = profile.bandwidth / *peak,
                        .recompute = vector.recompute,
                        .parameters = vector.parameters,
                        .active = vector.active,
                        .sequence = vector.sequence,
                        .devices = vector.devices},
                       std::log(utilisation)});
  }
  spread_ = spread(all());
}

ThroughputModel::Points ThroughputModel::all() const {
  Points all;
  for (const Point& point : points_) all.push_back(&point);
  return all;
}

ThroughputModel::Points ThroughputModel::without(const std::string& run, const Points& from) const {
  Points rest;
  for (const Point* point : from)
    if (vectors_[point->vector].run() != run) rest.push_back(point);
  return rest;
}

ThroughputModel::Prediction ThroughputModel::predict(const TrainingSetting& setting,
                                                     const Points& from) const {
  std::vector<std::pair<double, const Point*>> near;
  for (const Point* point : from) near.emplace_back(distance(setting, point->setting), point);
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  near.resize(std::min(near.size(), kNearest));
  Prediction prediction;
  double weights = 0, sum = 0;
  for (const auto& [far, point] : near) {
    // From the nearest on, or a setting far from all would weigh nothing at all.
    const double weight = std::exp(-(far - near.front().first) / kReach);
    const bool balanced = setting.balance > 0 && point->setting.balance > 0;
    const double carried =
        balanced ? kBalancePower * std::log(setting.balance / point->setting.balance) : 0;
    weights += weight;
    sum += weight * (point->log_utilisation + carried);
    prediction.nearest.push_back({&vectors_[point->vector], far, std::exp(point->log_utilisation)});
  }
  if (weights > 0) prediction.log_utilisation = sum / weights;
  return prediction;
}

// What 90 % of the predictions from the others are off by, at distance 0.
double ThroughputModel::spread(const Points& from) const {
  std::vector<double> residuals;
  for (const Point* point : from) {
    const Prediction prediction =
        predict(point->setting, without(vectors_[point->vector].run(), from));
    if (prediction.nearest.empty() || prediction.nearest.front().distance > kFar) continue;
    residuals.push_back(std::abs(prediction.log_utilisation - point->log_utilisation) /
                        (1 + kWiderPerDistance * prediction.nearest.front().distance));
  }
  if (residuals.empty()) return 0;
  std::sort(residuals.begin(), residuals.end());
  const auto count = static_cast<double>(residuals.size());
  const auto rank = static_cast<size_t>(std::ceil(kCoverage * (count + 1)));
  return residuals[std::min(rank, residuals.size()) - 1];
}

SpeedEstimate ThroughputModel::estimate(const TrainingSetting& setting, const Points& from,
                                        double spread) const {
  Prediction prediction = predict(setting, from);
  SpeedEstimate estimate;
  if (prediction.nearest.empty()) return estimate;
  estimate.nearest = std::move(prediction.nearest);
  const double half = spread * (1 + kWiderPerDistance * estimate.distance());
  estimate.utilisation = std::min(1.0, std::exp(prediction.log_utilisation));
  estimate.range = {std::exp(prediction.log_utilisation - half),
                    std::min(1.0, std::exp(prediction.log_utilisation + half))};
  estimate.evidence = estimate.distance() <= kFar;
  return estimate;
}

SpeedEstimate ThroughputModel::estimate(const TrainingSetting& setting) const& {
  return estimate(setting, all(), spread_);
}

SelfTest ThroughputModel::selftest() const& {
  SelfTest test;
  std::vector<double> errors;
  for (const Point& point : points_) {
    const ThroughputVector& vector = vectors_[point.vector];
    const Points rest = without(vector.run(), all());
    test.vectors.push_back(
        {&vector, std::exp(point.log_utilisation), estimate(point.setting, rest, spread(rest))});
    const LeftOut& left = test.vectors.back();
    if (!left.estimate.evidence) continue;
    ++test.with_evidence;
    test.inside += left.inside() ? 1 : 0;
    const bool common = vector.profile.starts_with("a100") || vector.profile.starts_with("h100");
    if (common && is_dense(vector)) errors.push_back(std::abs(left.error()));
  }
  test.dense = errors.size();
  if (!errors.empty()) test.median_error = measure::median(errors);
  return test;
}

}  // namespace repro::forecast
