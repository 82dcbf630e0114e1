#pragma once
// How fast a training will be that nobody has timed: the part of a device's peak that published
// trainings like it reach (throughput_vectors), as an interval that says how far the nearest of
// them is. Nothing is read off the data sheet alone: far from every vector there is no evidence.
//
// A vector's utilisation counts the work of recomputation, so that trainings with and without it
// compare. Distance is a sum: another chip or board, 8-bit or 16-bit products, recomputation, and
// the base-2 logarithms of size, of how sparse a mixture is, of sequence and of devices. The six
// nearest weigh exp(-distance / 0.5); between devices utilisation is taken to go with (memory
// bandwidth / peak)^0.3. The interval is conformal: what 90 % of the vectors, each predicted from
// the others, get wrong, wider by half for each unit of distance.

#include <functional>
#include <string>
#include <vector>

#include "config/profile.hpp"
#include "forecast/throughput_vectors.hpp"
#include "measure/stats.hpp"

namespace repro::forecast {

// What a training's speed depends on.
struct TrainingSetting {
  std::string profile = {}, chip = {};
  bool eight_bit = false;  // fp8 products
  double balance = 0;      // bytes/s of memory for each FLOP/s of the peak
  Recompute recompute = Recompute::none;
  double parameters = 0;
  double active = 0;  // of the products that one token uses
  double sequence = 0;
  double devices = 1;
};

struct Neighbour {
  const ThroughputVector* vector = nullptr;
  double distance = 0;
  double utilisation = 0;  // of its own device's peak
};

struct SpeedEstimate {
  double utilisation = 0;  // of the peak, the work of recomputation included
  measure::Interval range;
  std::vector<Neighbour> nearest;  // the nearest first
  bool evidence = false;           // one of them is near
  double distance() const;         // of the nearest; infinite without one
};

// A vector that was predicted from the vectors of all other runs.
struct LeftOut {
  const ThroughputVector* vector = nullptr;
  double utilisation = 0;  // its own
  SpeedEstimate estimate;
  double error() const;  // predicted / its own - 1
  bool inside() const;
};

struct SelfTest {
  std::vector<LeftOut> vectors;
  size_t with_evidence = 0, inside = 0;  // of those with evidence
  // Of those with evidence whose model uses all its parameters and whose device is an A100 or H100:
  // the median of |error|.
  size_t dense = 0;
  double median_error = 0;
};

class ThroughputModel {
 public:
  static constexpr double kFar = 1.25;  // beyond this distance a vector says nothing

  using ProfileOf = std::function<config::Profile(const std::string&)>;
  // Error for a vector of an unknown profile, or one whose peak for its data type is not known.
  ThroughputModel(std::vector<ThroughputVector> vectors, const ProfileOf& profiles);

  // What they return points into the model.
  SpeedEstimate estimate(const TrainingSetting& setting) const&;
  // Each vector left out in turn, with the other vectors of its run; the interval is made of the
  // rest alone.
  SelfTest selftest() const&;
  SpeedEstimate estimate(const TrainingSetting& setting) && = delete;
  SelfTest selftest() && = delete;
  bool empty() const { return points_.empty(); }

 private:
  struct Point {
    size_t vector;
    TrainingSetting setting;
    double log_utilisation;
  };
  struct Prediction {
    double log_utilisation = 0;
    std::vector<Neighbour> nearest;
  };
  using Points = std::vector<const Point*>;

  Prediction predict(const TrainingSetting& setting, const Points& from) const;
  double spread(const Points& from) const;
  SpeedEstimate estimate(const TrainingSetting& setting, const Points& from, double spread) const;
  Points without(const std::string& run, const Points& from) const;
  Points all() const;

  std::vector<ThroughputVector> vectors_;
  std::vector<Point> points_;
  double spread_ = 0;
};

double distance(const TrainingSetting& a, const TrainingSetting& b);

// "bf16" and "fp16" have one tensor peak; a profile without the one is asked for the other.
std::optional<double> tensor_peak(const config::Profile& profile, const std::string& dtype);

}  // namespace repro::forecast
