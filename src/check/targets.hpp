#pragma once
// Steps to a loss within a run: the loss that every recorded seed of a training has reached when
// three quarters of its steps are made. A slower training reaches it later.

#include <cstdint>
#include <map>
#include <string>

#include "check/observations.hpp"

namespace repro::checks {

// By training; none for one that is too short, or does not fall by more than its seeds differ.
std::map<std::string, double> target_losses(const Observations& observed, int64_t window);

// Adds the number "steps_to_loss", NaN for a seed that does not get there.
void add_steps_to_loss(Observations& observed, const std::map<std::string, double>& targets,
                       int64_t window);

}  // namespace repro::checks
