#pragma once
// The script that each task of a job array runs on its node.

#include <string_view>

namespace repro::launch {

// Its exit codes for what keeps the worker from starting.
constexpr int kNoListExit = 66;  // it does not see the list of run directories

std::string_view slurm_script();

}  // namespace repro::launch
