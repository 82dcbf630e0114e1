#pragma once
// The job `merge`: trained submodels -> the full model that fine-tuning starts from.

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "methods/disco.hpp"
#include "run/run_directory.hpp"

namespace repro::train {

// Reads config::MergeSpec from the job; its inputs: "submodel0" .. "submodel{E-1}" (their last
// checkpoints), "clusters", "corpus". Writes model.safetensors; returns the job's result:
//
//   gamma [E], backbone_cosine [E][E], update_cosine [E][E], merged_loss {train, valid} in nats
//   a token before any fine-tuning (train: a fixed sample of as many windows as valid), seconds
//   {merge, eval}
nlohmann::json run_merge(const run::OpenedJob& job, const run::RunDirectory& directory,
                         const methods::Progress& progress);

}  // namespace repro::train
