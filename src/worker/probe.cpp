#include "probe/probe.hpp"

#include <nlohmann/json.hpp>

#include "config/probe.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json probe(const JobContext& context) {
  return probe::run_probe(spec_of<config::ProbeSpec>(context.job), context.progress);
}

}  // namespace repro::worker
