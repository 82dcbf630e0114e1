#include "train/training_data.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "data/prepare.hpp"
#include "methods/assignment.hpp"

namespace repro::train {
namespace {

std::vector<int64_t> documents_of_part(const run::RunDirectory& assigned, int64_t k,
                                       const data::TokenShards& train) {
  const auto path = assigned.path() / methods::kAssignmentFile;
  const methods::Assignment assignment = methods::read_assignment(path);
  if (static_cast<int64_t>(assignment.cluster.size()) != train.documents())
    throw Error("{}: {} documents, but the corpus has {}; delete its folder and run again",
                path.string(), assignment.cluster.size(), train.documents());
  if (k >= assignment.clusters)
    throw Error("{}: has {} parts, part {} was asked for", path.string(), assignment.clusters, k);
  std::vector<int64_t> documents = assignment.documents_of(k);
  if (documents.empty())
    throw Error("{}: part {} has no documents; use fewer parts or a balanced clustering",
                path.string(), k);
  return documents;
}

}  // namespace

config::TrainSpec read_train_spec(const run::OpenedJob& job) {
  auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  if (spec.batch % spec.accumulate != 0)
    throw Error("job '{}': batch = {} is not a multiple of accumulate = {}", job.name, spec.batch,
                spec.accumulate);
  if (spec.ranks * spec.accumulate > spec.batch)
    throw Error("job '{}': {} ranks with {} micro-batches each need a batch of {} rows; it has {}",
                job.name, spec.ranks, spec.accumulate, spec.ranks * spec.accumulate, spec.batch);
  if (spec.steps == 0 && spec.epochs == 0)
    throw Error("job '{}': steps and epochs are both 0; set one", job.name);
  return spec;
}

Part rows_of(const config::TrainSpec& spec, int64_t rank, int64_t micro) {
  return part_of(spec.batch, rank * spec.accumulate + micro, spec.ranks * spec.accumulate);
}

const run::RunDirectory& input(const run::OpenedJob& job, const std::string& role) {
  const auto found = job.inputs.find(role);
  if (found == job.inputs.end())
    throw Error("job '{}': has no input '{}'; start it through `repro run`", job.name, role);
  return found->second;
}

std::optional<double> loss_before_growth(const run::OpenedJob& job) {
  const auto initial = job.inputs.find("initial");
  if (initial == job.inputs.end()) return std::nullopt;
  const nlohmann::json result = initial->second.result();
  if (!result.contains("loss_before")) return std::nullopt;
  return result.at("loss_before").get<double>();
}

std::vector<std::filesystem::path> part_weights(const run::OpenedJob& job) {
  std::vector<std::filesystem::path> files;
  while (job.inputs.contains(fmt::format("part{}", files.size())))
    files.push_back(input(job, fmt::format("part{}", files.size())).weights());
  if (files.empty())
    throw Error("job '{}': has no input 'part0'; start it through `repro run`", job.name);
  return files;
}

std::shared_ptr<const data::TokenShards> open_split(const std::filesystem::path& corpus,
                                                    const std::string& split) {
  return std::make_shared<data::TokenShards>(data::shard_path(corpus, split));
}

TrainingData open_training_data(const config::TrainSpec& spec, const run::OpenedJob& job) {
  const run::RunDirectory& corpus = input(job, "corpus");
  auto train = open_split(corpus.path(), "train");
  std::vector<int64_t> documents;  // none: all
  if (spec.part >= 0) documents = documents_of_part(input(job, "assignment"), spec.part, *train);
  data::Sampler sampler(train, std::move(documents), spec.sequence, spec.batch,
                        static_cast<uint64_t>(spec.order_seed));
  return {.train = train,
          .valid = open_split(corpus.path(), "valid"),
          .sampler = std::move(sampler),
          .fingerprint = corpus.result().value("fingerprint", "")};
}

}  // namespace repro::train
