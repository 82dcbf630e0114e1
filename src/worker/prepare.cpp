#include "data/prepare.hpp"

#include <nlohmann/json.hpp>

#include "config/job_spec.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json prepare(const Work& work) {
  return data::prepare(spec_of<config::PrepareSpec>(work.job), work.directory.path(),
                       work.progress);
}

}  // namespace repro::worker
