#include "train/trainer.hpp"

#include <nlohmann/json.hpp>

#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json train(const JobContext& context) {
  return train::train(context.job, context.directory, context.interrupted);
}

}  // namespace repro::worker
