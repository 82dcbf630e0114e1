#include "train/trainer.hpp"

#include <nlohmann/json.hpp>

#include "worker/kinds.hpp"
#include "worker/rank_team.hpp"

namespace repro::worker {

nlohmann::json train(const JobContext& context) {
  if (context.job.spec.value("ranks", 1) > 1)
    return train_together(context.job, context.directory, context.interrupted);
  return train::train(context.job, context.directory, context.interrupted);
}

}  // namespace repro::worker
