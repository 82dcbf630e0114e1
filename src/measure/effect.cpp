#include "measure/effect.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "base/error.hpp"

namespace repro::measure {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

bool is_estimate(const Interval& seed) { return seed.low == seed.high; }

// log of the normal distribution's lower tail, also where the tail itself underflows.
double log_lower_tail(double z) {
  if (z > -30) return std::log(0.5 * std::erfc(-z / std::sqrt(2.0)));
  return -0.5 * z * z - std::log(-z) - 0.5 * std::log(2 * M_PI);
}

// log of the probability between two standardised bounds.
double log_between(double low, double high) {
  if (low > 0) return log_between(-high, -low);  // tails keep their digits on this side
  const double upper = log_lower_tail(high);
  return std::isinf(low) ? upper : upper + std::log1p(-std::exp(log_lower_tail(low) - upper));
}

// Argument of a unimodal function's maximum.
double maximise(const std::function<double(double)>& f, double low, double high, int rounds) {
  constexpr double kGolden = 0.6180339887498949;
  double a = high - kGolden * (high - low), b = low + kGolden * (high - low);
  double at_a = f(a), at_b = f(b);
  for (int i = 0; i < rounds; ++i) {
    if (at_a < at_b) {
      low = a, a = b, at_a = at_b;
      at_b = f(b = low + kGolden * (high - low));
    } else {
      high = b, b = a, at_b = at_a;
      at_a = f(a = high - kGolden * (high - low));
    }
  }
  return at_a < at_b ? b : a;
}

// The likelihood of a mean with the spread that suits it best. In 1 / sd and mean / sd the joint
// likelihood is concave (Olsen 1978), so that of each mean has one maximum over the spread, and the
// means above any level are one interval.
class ProfileLikelihood {
 public:
  ProfileLikelihood(const std::vector<Interval>& seeds, const std::optional<Noise>& noise)
      : noise_(noise) {
    std::vector<double> estimates;
    for (const Interval& seed : seeds) {
      for (const double end : {seed.low, seed.high})
        if (std::isfinite(end)) low_ = std::min(low_, end), high_ = std::max(high_, end);
      if (is_estimate(seed))
        estimates.push_back(seed.low);
      else
        ++bounds_[{seed.low, seed.high}];
    }
    if (!estimates.empty()) {
      estimates_ = static_cast<double>(estimates.size());
      middle_ = mean(estimates);
      for (const double one : estimates) squares_ += std::pow(one - middle_, 2);
    }
    scale_ = std::max(high_ - low_, noise ? noise->sd : 0.0);
    if (!(scale_ > 0)) scale_ = std::max(1e-3 * std::abs(high_), 1e-9);
  }

  bool any_bound() const { return low_ <= high_; }
  double low() const { return low_; }  // of all finite ends
  double high() const { return high_; }
  double scale() const { return scale_; }

  double at(double mean) const {
    const double far = std::max({std::abs(mean - low_), std::abs(mean - high_), scale_});
    const double least = std::log(1e-7 * scale_), most = std::log(1e3 * far);
    const auto of_log_sd = [&](double log_sd) { return of(mean, log_sd); };
    return of_log_sd(maximise(of_log_sd, least, most, 45));
  }

 private:
  double of(double mean, double log_sd) const {
    const double sd = std::exp(log_sd);
    double sum = 0;
    for (const auto& [bound, count] : bounds_)
      sum += count * log_between((bound.first - mean) / sd, (bound.second - mean) / sd);
    if (estimates_ > 0) {
      const double squares = squares_ + estimates_ * std::pow(middle_ - mean, 2);
      sum -= estimates_ * log_sd + 0.5 * squares / (sd * sd);
    }
    if (noise_) sum -= noise_->degrees_of_freedom * (log_sd + 0.5 * std::pow(noise_->sd / sd, 2));
    return sum;
  }

  // Hundreds of seeds have few bounds that differ, and of estimates their sums say all.
  std::map<std::pair<double, double>, double> bounds_;
  double estimates_ = 0, middle_ = 0, squares_ = 0;
  const std::optional<Noise>& noise_;
  double low_ = kUnbounded, high_ = -kUnbounded;
  double scale_ = 1;
};

// Where the likelihood falls below `level` on one side of `inside`; infinite where it never does.
double find_end(const ProfileLikelihood& likelihood, double inside, double sign, double level) {
  double above = inside, below = inside;
  double stride = 1e-3 * likelihood.scale();
  do {
    above = below;
    below = inside + sign * stride;
    if (stride > 1e9 * likelihood.scale()) return sign * kUnbounded;
    stride *= 2;
  } while (likelihood.at(below) >= level);
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (above + below);
    (likelihood.at(middle) >= level ? above : below) = middle;
  }
  return above;
}

// Where a seed stands when one number must do: an estimate, the middle of two bounds, or the bound.
double stand_in_for(const Interval& seed) {
  if (std::isinf(seed.low)) return seed.high;
  return std::isinf(seed.high) ? seed.low : 0.5 * (seed.low + seed.high);
}

double middle_of(const std::vector<Interval>& seeds) {
  double sum = 0;
  for (const Interval& seed : seeds) sum += stand_in_for(seed);
  return sum / static_cast<double>(seeds.size());
}

// An estimate that all other seeds' bounds allow makes a spread of nothing infinitely likely.
bool says_nothing_about_noise(const std::vector<Interval>& seeds) {
  const auto estimate = std::find_if(seeds.begin(), seeds.end(), is_estimate);
  if (seeds.size() == 1) return true;
  if (estimate == seeds.end()) return false;
  return std::count_if(seeds.begin(), seeds.end(), is_estimate) == 1 &&
         std::all_of(seeds.begin(), seeds.end(), [&](const Interval& seed) {
           return seed.low <= estimate->low && estimate->low <= seed.high;
         });
}

void estimate_by_student(const std::vector<Interval>& seeds, const std::optional<Noise>& noise,
                         Effect& effect) {
  const auto n = static_cast<double>(seeds.size());
  double sum = 0, squares = 0;
  for (const Interval& seed : seeds) sum += seed.low;
  effect.centre = sum / n;
  for (const Interval& seed : seeds) squares += std::pow(seed.low - effect.centre, 2);
  if (noise) squares += noise->degrees_of_freedom * noise->sd * noise->sd;
  effect.below = effect.above = effect.t * std::sqrt(squares / effect.degrees_of_freedom / n);
}

void estimate_by_likelihood(const std::vector<Interval>& seeds, const std::optional<Noise>& noise,
                            Effect& effect) {
  const ProfileLikelihood likelihood(seeds, noise);
  effect.below = effect.above = kUnbounded;
  if (!likelihood.any_bound()) return;
  const double likeliest =
      maximise([&](double mean) { return likelihood.at(mean); },
               likelihood.low() - likelihood.scale(), likelihood.high() + likelihood.scale(), 60);
  const double residuals =
      static_cast<double>(seeds.size()) + (noise ? noise->degrees_of_freedom : 0);
  const double ratio = residuals * std::log1p(effect.t * effect.t / effect.degrees_of_freedom);
  const double level = likelihood.at(likeliest) - 0.5 * ratio;
  const Interval seen = {find_end(likelihood, likeliest, -1, level),
                         find_end(likelihood, likeliest, 1, level)};
  effect.centre = likeliest;
  // Bounds alone make many means equally likely.
  if (effect.censored == effect.seeds)
    effect.centre = std::clamp(middle_of(seeds), seen.low, seen.high);
  effect.below = effect.centre - seen.low;
  effect.above = seen.high - effect.centre;
}

}  // namespace

std::optional<Noise> pooled_noise(std::span<const std::vector<double>> cells) {
  double squares = 0, degrees = 0;
  for (const std::vector<double>& effects : cells) {
    if (effects.size() < 2) continue;
    const auto free = static_cast<double>(effects.size() - 1);
    squares += free * std::pow(standard_deviation(effects), 2);
    degrees += free;
  }
  if (degrees == 0) return std::nullopt;
  return Noise{std::sqrt(squares / degrees), degrees};
}

double EffectParts::systematic() const {
  return std::sqrt(rungs * rungs + target * target + items * items + timing * timing +
                   prices * prices);
}

std::vector<NamedPart> list_parts(const EffectParts& parts) {
  return {{"seeds", "the luck of the seeds", parts.seeds},
          {"rungs", "the spacing of the endings", parts.rungs},
          {"target", "the finite text that losses are measured on", parts.target},
          {"items", "the finite items of the task", parts.items},
          {"timing", "unsteady step times", parts.timing},
          {"prices", "the spread of the prices", parts.prices}};
}

NamedPart largest_part(const EffectParts& parts) {
  const std::vector<NamedPart> all = list_parts(parts);
  return *std::max_element(all.begin(), all.end(), [](const NamedPart& a, const NamedPart& b) {
    return a.half_width < b.half_width;
  });
}

Effect estimate_effect(const EffectData& data) {
  if (data.seeds.empty()) throw Error("the effect over no seeds is undefined");
  const auto n = static_cast<int64_t>(data.seeds.size());
  const int64_t estimates = std::count_if(data.seeds.begin(), data.seeds.end(), is_estimate);
  const std::optional<Noise> noise = estimates < 2 ? data.noise : std::nullopt;
  Effect effect;
  effect.seeds = n;
  effect.censored = n - estimates;
  effect.borrowed = noise.has_value();
  effect.parts = data.open;
  effect.shown = data.seeds.front();
  for (const Interval& seed : data.seeds)
    effect.shown = {std::min(effect.shown.low, seed.low), std::max(effect.shown.high, seed.high)};
  if (!noise && says_nothing_about_noise(data.seeds)) {
    effect.centre = middle_of(data.seeds);
    effect.below = effect.above = kUnbounded;
  } else {
    effect.degrees_of_freedom =
        static_cast<double>(n - 1) + (noise ? noise->degrees_of_freedom : 0);
    effect.t = student_quantile(0.5 + data.confidence / 2, effect.degrees_of_freedom);
    if (effect.censored == 0)
      estimate_by_student(data.seeds, noise, effect);
    else
      estimate_by_likelihood(data.seeds, noise, effect);
  }
  effect.parts.seeds = std::max(effect.below, effect.above);
  effect.below = std::hypot(effect.below, data.open.systematic());
  effect.above = std::hypot(effect.above, data.open.systematic());
  const Interval possible = data.possible.value_or(Interval{-kUnbounded, kUnbounded});
  effect.interval = {std::max(effect.centre - effect.below, possible.low),
                     std::min(effect.centre + effect.above, possible.high)};
  return effect;
}

}  // namespace repro::measure
