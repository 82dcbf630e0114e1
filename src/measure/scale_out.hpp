#pragma once
// A stated model of what communication costs a training on more devices, at a fixed global batch: a
// step is work that n devices share and work that does not shrink with n, such as the all-reduce of
// gradients (of a ring each device moves 2 (n - 1) / n times its gradients' bytes, nearly the same
// at every n) or the filling of a pipeline.
//
//   seconds(n) = shared / n + fixed     so     FLOP/s of a device ~ 1 / (shared + fixed n)

namespace repro::measure {

struct ScaleOut {
  double shared = 0;  // of the reciprocal of a device's rate
  double fixed = 0;   // likewise, a device; 0 = nothing is lost
  double rate(double devices) const { return 1 / (shared + fixed * devices); }
};

// Through two measured rates of one device, at different numbers of devices. Where the rate rises
// nothing is lost, and it stays at the mean. Error unless devices differ and all are above 0.
ScaleOut scale_out_through(double devices_a, double rate_a, double devices_b, double rate_b);

}  // namespace repro::measure
