#include "train/trainer.hpp"

#include <nlohmann/json.hpp>

#include "worker/kinds.hpp"

namespace repro::worker {

nlohmann::json train(const Work& work) {
  return train::train(work.job, work.directory, work.interrupted);
}

}  // namespace repro::worker
