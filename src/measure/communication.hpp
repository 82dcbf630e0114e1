#pragma once
// What is left of each device when many train one model together: the model behind curves of
// utilisation over the number of devices (Narayanan et al. 2021, whose curves papers quote),
// calibrated by sums that were measured. Of a ring (Patarasuk and Yuan 2009): a sum over n devices
// is 2 (n - 1) messages, one after another, of an n-th of the bytes each.

#include <cstdint>
#include <vector>

namespace repro::measure {

struct Link {
  double latency_seconds = 0;
  double bytes_per_second = 0;
};

// 2 (n - 1) (latency + bytes / (n bandwidth)); 0 of one device.
double sum_seconds(const Link& link, int64_t devices, double bytes);

struct MeasuredSum {
  int64_t devices = 2;
  double bytes = 0;
  double seconds = 0;
};
// Least squares of the relative errors; a latency below 0 is 0. Error when it takes more than there
// is: measurements of two sizes at least, all of several devices, none in no time.
Link fit_link(const std::vector<MeasuredSum>& measured);

// A training step, of one device.
struct StepParts {
  double shared_seconds = 0;  // becomes an n-th over n devices: forward and backward of the rows
  double whole_seconds = 0;   // each device's own, however many there are: the optimizer
  double bytes = 0;           // that are summed: the gradient
};

struct Scaling {
  int64_t devices = 1;
  double seconds = 0;        // of a step
  double communication = 0;  // its share of the step
  double efficiency = 1;     // what each device does of what it does alone, in useful work a second
};
// The batch stays what it is; the sum begins when the backward pass has ended.
Scaling scale(const StepParts& step, const Link& link, int64_t devices);
// The batch grows with the devices: each keeps its rows.
Scaling scale_with_batch(const StepParts& step, const Link& link, int64_t devices);

}  // namespace repro::measure
