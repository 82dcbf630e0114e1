#pragma once
// Where a step's time goes, by part of the model: the fused blocks note the processor seconds that
// the calling thread spends in each part. Processor time, because other programs on the machine do
// not change it. Costs two clock reads a part; nothing depends on it.

#include <time.h>

#include <array>
#include <cstddef>

namespace repro::model {

enum class Part { attention, experts, shared_expert, router, norms, head, count };
constexpr size_t kParts = static_cast<size_t>(Part::count);
const char* name(Part part);

using PartSeconds = std::array<double, kParts>;
PartSeconds& part_seconds();  // of this thread, since it was last filled with 0

// Seconds of a POSIX clock.
inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Adds the time until its end to a part. Not to be nested.
class PartClock {
 public:
  explicit PartClock(Part part) : part_(part), start_(seconds_of(CLOCK_THREAD_CPUTIME_ID)) {}
  ~PartClock() {
    part_seconds()[static_cast<size_t>(part_)] += seconds_of(CLOCK_THREAD_CPUTIME_ID) - start_;
  }
  PartClock(const PartClock&) = delete;
  PartClock& operator=(const PartClock&) = delete;

 private:
  Part part_;
  double start_;
};

}  // namespace repro::model
