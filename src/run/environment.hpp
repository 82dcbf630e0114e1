#pragma once
// What a measurement needs beside it to be one: the machine, the programs and the load when a job
// started. Written to environment.json at each start of a job.

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace repro::run {

// host, cpu (model, cores, instruction sets), memory_bytes, kernel, load (1 min), the program's
// version and, given by the caller, LibTorch's version and the device's name.
nlohmann::json describe_environment(const std::string& torch_version, const std::string& device);

// "2026-01-31T12:00:00Z", by this machine's clock.
std::string utc_now();

// The "model name" of /proc/cpuinfo; "unknown" where there is none.
std::string cpu_model();

}  // namespace repro::run
