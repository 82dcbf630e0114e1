#pragma once
// A golden, and the difference of two, for people.

#include <filesystem>

#include "check/golden.hpp"
#include "cli/context.hpp"
#include "report/figure.hpp"

namespace repro::cli {

// Trainings with their seeds, steps, tolerances and margins; what the gate does by chance.
void show_golden(const Context& context, const checks::Golden& golden,
                 const std::filesystem::path& path);

// What taking `now` for `then` changes: numbers and steps that moved, the largest first, and the
// environments; --json has all.
void show_drift(const Context& context, const checks::Golden& then, const checks::Golden& now);

// Mean losses of both, a panel a training, at most six: those that moved most.
report::Picture drift_picture(const checks::Golden& then, const checks::Golden& now);

}  // namespace repro::cli
