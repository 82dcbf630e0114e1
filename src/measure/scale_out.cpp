#include "measure/scale_out.hpp"

#include "base/error.hpp"

namespace repro::measure {

ScaleOut scale_out_through(double devices_a, double rate_a, double devices_b, double rate_b) {
  if (!(devices_a > 0 && devices_b > 0 && rate_a > 0 && rate_b > 0) || devices_a == devices_b)
    throw Error(
        "rates {} on {} and {} on {} devices: a model needs two numbers of devices, and all "
        "above 0",
        rate_a, devices_a, rate_b, devices_b);
  const double fixed = (1 / rate_b - 1 / rate_a) / (devices_b - devices_a);
  if (fixed < 0) return {2 / (rate_a + rate_b), 0};
  return {1 / rate_a - fixed * devices_a, fixed};
}

}  // namespace repro::measure
