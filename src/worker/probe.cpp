#include "probe/probe.hpp"

#include <nlohmann/json.hpp>

#include "config/probe.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json probe(const Work& work) {
  return probe::run_probe(spec_of<config::ProbeSpec>(work.job), work.progress);
}

}  // namespace repro::worker
