#pragma once
// Where a step's time goes, by part of the model: the fused blocks note the seconds they spend in
// each part on the calling thread. Costs two clock reads a part; nothing depends on it.

#include <array>
#include <chrono>
#include <cstddef>

namespace repro::model {

enum class Part { attention, experts, shared_expert, router, norms, head, count };
constexpr size_t kParts = static_cast<size_t>(Part::count);
const char* name(Part part);

using PartSeconds = std::array<double, kParts>;
PartSeconds& part_seconds();  // of this thread, since it was last filled with 0

// Adds the time until its end to a part. Not to be nested.
class PartClock {
 public:
  explicit PartClock(Part part) : part_(part), start_(std::chrono::steady_clock::now()) {}
  ~PartClock() {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    part_seconds()[static_cast<size_t>(part_)] += passed.count();
  }
  PartClock(const PartClock&) = delete;
  PartClock& operator=(const PartClock&) = delete;

 private:
  Part part_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace repro::model
