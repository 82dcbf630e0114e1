#pragma once
// Makes known faults in one training of a golden's experiment and shows in which lanes each is
// caught.

#include "check/golden.hpp"
#include "cli/check_runs.hpp"

namespace repro::cli {

// Exit regression when a fault passes a lane that should catch it, or the same training without a
// fault does not pass.
Exit run_self_test(const Context& context, const checks::Golden& golden,
                   const CheckRunOptions& options);

}  // namespace repro::cli
