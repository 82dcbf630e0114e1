#pragma once
// The job `probe`: what this machine really does. Matrix multiplications over the shapes of the
// models asked for, memory bandwidth, and whole optimizer steps. Medians with their spread, and the
// conditions they were taken under; a machine too noisy to speak for itself is not certified.

#include <nlohmann/json_fwd.hpp>

#include "methods/disco.hpp"
#include "run/run_directory.hpp"

namespace repro::train {

// Reads config::ProbeSpec from the job; returns {measurement: config::Measurement as JSON, context:
// {cores, load_after, megahertz_before, megahertz_after, free_memory_bytes, device, torch}}.
// measurement.certified is false when the load, a spread or a drop of the clock is too large, and
// measurement.reason says which.
nlohmann::json run_probe(const run::OpenedJob& job, const methods::Progress& progress);

}  // namespace repro::train
