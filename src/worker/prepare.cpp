#include "data/prepare.hpp"

#include <nlohmann/json.hpp>

#include "config/job_spec.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json prepare(const JobContext& context) {
  return data::prepare(spec_of<config::PrepareSpec>(context.job), context.directory.path(),
                       context.progress);
}

}  // namespace repro::worker
