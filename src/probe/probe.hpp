#pragma once
// The job `probe`: what this machine really does. Matrix multiplications over the shapes of the
// models asked for, memory bandwidth, and whole optimizer steps. Medians with their spread, and the
// conditions they were taken under; a machine too noisy to speak for itself is not certified.

#include <nlohmann/json_fwd.hpp>

#include "config/probe.hpp"
#include "data/text/document.hpp"

namespace repro::probe {

// The job's result: {measurement: config::Measurement as JSON, context:
// {cores, load_after, megahertz_before, megahertz_after, free_memory_bytes, device, torch}}.
// measurement.certified is false when the load, a spread or a drop of the clock is too large, and
// measurement.reason says which.
nlohmann::json run_probe(const config::ProbeSpec& spec, const data::ProgressCallback& progress);

}  // namespace repro::probe
