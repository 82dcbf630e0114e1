#pragma once
// The job `probe`: what this machine really does. Matrix multiplications over the shapes of the
// models asked for, memory bandwidth, and whole optimizer steps. Each number has an interval, which
// the conditions it was taken under widen; one too wide to decide anything is not certified.

#include <nlohmann/json_fwd.hpp>

#include "config/probe.hpp"
#include "data/text/document.hpp"

namespace repro::probe {

// The job's result: {measurement: config::Measurement as JSON, context:
// {cores, load_after, megahertz_before, megahertz_after, free_memory_bytes, device, torch}}.
// measurement.certified is false when an interval reaches farther than spec.maximum_reach, and
// measurement.reason says which.
nlohmann::json run_probe(const config::ProbeSpec& spec, const data::ProgressCallback& progress);

}  // namespace repro::probe
