#pragma once
// What a training reads: the token shards of its corpus, and the sampler over all documents or over
// those of one part.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/job_spec.hpp"
#include "data/tokens/sampler.hpp"
#include "data/tokens/token_shards.hpp"
#include "run/run_directory.hpp"
#include "train/part.hpp"

namespace repro::train {

// Error when its batch, its micro-batches and its ranks do not fit together, or it has no end.
config::TrainSpec read_train_spec(const run::OpenedJob& job);

// Of each batch: what one rank reads in one of its micro-batches.
Part rows_of(const config::TrainSpec& spec, int64_t rank, int64_t micro);

struct TrainingData {
  std::shared_ptr<const data::TokenShards> train;
  std::shared_ptr<const data::TokenShards> valid;
  data::Sampler sampler;
  std::string fingerprint;  // of the prepared corpus
};

// The split "train", "valid" or "test" of a finished prepare job.
std::shared_ptr<const data::TokenShards> open_split(const std::filesystem::path& corpus,
                                                    const std::string& split);

// Error when a file is missing or damaged, when the parts are those of another corpus, or when one
// is too small for one window.
TrainingData open_training_data(const config::TrainSpec& spec, const run::OpenedJob& job);

// The weights of the inputs "part0", "part1", ..., in their order; Error when there is none.
std::vector<std::filesystem::path> part_weights(const run::OpenedJob& job);

// Loss at the end of the training that the initial model has grown from; empty where none has.
std::optional<double> loss_before_growth(const run::OpenedJob& job);

// The directory of an input; Error naming the job when it has none of that role.
const run::RunDirectory& input(const run::OpenedJob& job, const std::string& role);

}  // namespace repro::train
