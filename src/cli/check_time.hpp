#pragma once
// Seconds of a step at the gate: against a time golden of this machine, or an old program and a new
// one that take turns.

#include <filesystem>
#include <vector>

#include "check/golden.hpp"
#include "cli/check_gate.hpp"

namespace repro::cli {

// Adds a row a training; where no time golden of this machine stands there, a warning with the way
// out.
void add_time_rows(const Context& context, const checks::Golden& golden,
                   const checks::Observations& now, Checked& checked);

// The golden's rehearsed training, each seed once by either program, one run at a time; the order
// changes from seed to seed. Nothing but seconds is compared.
Checked run_in_turns(const Context& context, const checks::Golden& golden,
                     const std::filesystem::path& old_worker, const CheckRunOptions& options);

}  // namespace repro::cli
