#include "measure/communication.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace repro::measure {
namespace {

// sum_seconds() = messages latency + volume / bandwidth.
double messages(int64_t devices) { return 2 * static_cast<double>(devices - 1); }
double volume(int64_t devices, double bytes) {
  return messages(devices) * bytes / static_cast<double>(devices);
}

void require_measured(const std::vector<MeasuredSum>& measured) {
  for (const MeasuredSum& one : measured)
    if (one.devices < 2 || !(one.bytes > 0) || !(one.seconds > 0) || !std::isfinite(one.seconds))
      throw Error("a sum of {} bytes over {} devices in {} s tells nothing of their link",
                  one.bytes, one.devices, one.seconds);
}

Scaling scaled(double seconds_alone, double work, double own, double sum, int64_t devices) {
  const double seconds = own + sum;
  return {.devices = devices,
          .seconds = seconds,
          .communication = sum / seconds,
          .efficiency = work * seconds_alone / seconds};
}

}  // namespace

double sum_seconds(const Link& link, int64_t devices, double bytes) {
  if (devices <= 1) return 0;
  return messages(devices) * link.latency_seconds + volume(devices, bytes) / link.bytes_per_second;
}

Link fit_link(const std::vector<MeasuredSum>& measured) {
  require_measured(measured);
  // Normal equations of latency and 1 / bandwidth, each measurement divided by its seconds.
  double ll = 0, lv = 0, vv = 0, l = 0, v = 0;
  for (const MeasuredSum& one : measured) {
    const double x = messages(one.devices) / one.seconds;
    const double y = volume(one.devices, one.bytes) / one.seconds;
    ll += x * x;
    lv += x * y;
    vv += y * y;
    l += x;
    v += y;
  }
  const double determinant = ll * vv - lv * lv;
  if (!(determinant > 1e-12 * ll * vv))
    throw Error("sums of one size tell a latency or a bandwidth, not both; measure several sizes");
  double latency = (l * vv - v * lv) / determinant;
  double seconds_a_byte = (v * ll - l * lv) / determinant;
  if (latency < 0) {
    latency = 0;
    seconds_a_byte = v / vv;
  }
  if (!(seconds_a_byte > 0))
    throw Error("larger sums took no longer than small ones; measure larger ones");
  return {.latency_seconds = latency, .bytes_per_second = 1 / seconds_a_byte};
}

Scaling scale(const StepParts& step, const Link& link, int64_t devices) {
  const auto n = static_cast<double>(devices);
  return scaled(step.shared_seconds + step.whole_seconds, 1 / n,
                step.shared_seconds / n + step.whole_seconds,
                sum_seconds(link, devices, step.bytes), devices);
}

Scaling scale_with_batch(const StepParts& step, const Link& link, int64_t devices) {
  const double alone = step.shared_seconds + step.whole_seconds;
  return scaled(alone, 1, alone, sum_seconds(link, devices, step.bytes), devices);
}

}  // namespace repro::measure
