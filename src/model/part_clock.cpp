#include "model/part_clock.hpp"

namespace repro::model {

const char* name(Part part) {
  constexpr std::array<const char*, kParts> kNames = {"attention", "experts", "shared expert",
                                                      "router",    "norms",   "head and loss"};
  return kNames.at(static_cast<size_t>(part));
}

PartSeconds& part_seconds() {
  thread_local PartSeconds seconds{};
  return seconds;
}

}  // namespace repro::model
