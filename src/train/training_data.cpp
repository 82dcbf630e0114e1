#include "train/training_data.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "methods/assignment.hpp"

namespace repro::train {
namespace {

std::vector<int64_t> documents_of_cluster(const run::RunDirectory& clusters, int64_t k,
                                          const data::TokenShards& train) {
  const auto path = clusters.path() / methods::kAssignmentFile;
  const methods::Assignment assignment = methods::read_assignment(path);
  if (static_cast<int64_t>(assignment.cluster.size()) != train.documents())
    throw Error("{}: {} documents, but the corpus has {}; delete its folder and run again",
                path.string(), assignment.cluster.size(), train.documents());
  if (k >= assignment.clusters)
    throw Error("{}: has {} clusters, cluster {} was asked for", path.string(), assignment.clusters,
                k);
  std::vector<int64_t> documents = assignment.documents_of(k);
  if (documents.empty())
    throw Error("{}: cluster {} has no documents; use a smaller k or a balanced clustering",
                path.string(), k);
  return documents;
}

}  // namespace

const run::RunDirectory& input(const run::OpenedJob& job, const std::string& role) {
  const auto found = job.inputs.find(role);
  if (found == job.inputs.end())
    throw Error("job '{}': has no input '{}'; start it through `repro run`", job.name, role);
  return found->second;
}

std::shared_ptr<const data::TokenShards> open_split(const std::filesystem::path& corpus,
                                                    const std::string& split) {
  return std::make_shared<data::TokenShards>(corpus / (split + ".tokens"));
}

TrainingData open_training_data(const config::TrainSpec& spec, const run::OpenedJob& job) {
  const run::RunDirectory& corpus = input(job, "corpus");
  auto train = open_split(corpus.path(), "train");
  std::vector<int64_t> documents;  // none: all
  if (spec.cluster >= 0)
    documents = documents_of_cluster(input(job, "clusters"), spec.cluster, *train);
  data::Sampler sampler(train, std::move(documents), spec.sequence, spec.batch,
                        static_cast<uint64_t>(spec.order_seed));
  return {.train = train,
          .valid = open_split(corpus.path(), "valid"),
          .perplexity = open_split(corpus.path(), spec.evaluate.ppl_split),
          .sampler = std::move(sampler),
          .fingerprint = corpus.result().value("fingerprint", "")};
}

}  // namespace repro::train
