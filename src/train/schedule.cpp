#include "train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"

namespace repro::train {
namespace {

// 1 at progress 0, `end` at progress 1.
double cosine(double progress, double end) {
  return end + (1 - end) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

double linear(double progress, double end) { return 1 - (1 - end) * progress; }

double during_warmup(const config::OptimizerSpec& spec, int64_t t, int64_t warmup) {
  const double progress = static_cast<double>(t) / static_cast<double>(warmup);
  if (spec.schedule != "wsd") return progress;
  return progress * (1 - spec.end_ratio) + spec.end_ratio;
}

double after_warmup(const config::OptimizerSpec& spec, int64_t t, int64_t warmup, int64_t total) {
  if (spec.schedule == "constant") return 1;
  if (spec.schedule == "cosine")
    return cosine(static_cast<double>(t - warmup) / static_cast<double>(total - warmup),
                  spec.end_ratio);
  check(spec.schedule == "wsd", "the schedule is constant, cosine or wsd");
  const auto decay = std::llround(spec.decay * static_cast<double>(total));
  const int64_t begin = std::max<int64_t>(warmup, total - decay);
  if (t < begin) return 1;
  return linear(static_cast<double>(t - begin) / static_cast<double>(total - begin),
                spec.end_ratio);
}

}  // namespace

int64_t warmup_updates(const config::OptimizerSpec& spec, int64_t total) {
  // A product such as 0.03 * 100 lies a rounding error above 3; it must not become 4.
  const double exact = spec.warmup * static_cast<double>(total);
  return static_cast<int64_t>(std::ceil(exact - 1e-9 * exact));
}

double learning_rate(const config::OptimizerSpec& spec, int64_t t, int64_t total) {
  check(t >= 0 && t < total, "the update lies inside the run");
  const int64_t warmup = warmup_updates(spec, total);
  return spec.lr *
         (t < warmup ? during_warmup(spec, t, warmup) : after_warmup(spec, t, warmup, total));
}

}  // namespace repro::train
