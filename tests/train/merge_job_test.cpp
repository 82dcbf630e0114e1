#include "train/merge_job.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "model/weights.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;
using nlohmann::json;

namespace {

void quiet(std::string_view, double, double, std::string_view) {}

config::ClusterSpec cluster_spec() {
  config::ClusterSpec spec;
  spec.embedding = "model";
  spec.model = tiny_model();
  return spec;
}

run::RunDirectory cluster(const Runs& runs, const config::ClusterSpec& spec) {
  const auto directory = runs.make("cluster", "clusters", json::object(), {}, {});
  Runs::finish(directory,
               methods::run_cluster(spec, runs.path() / "corpus", directory.path(), quiet));
  return directory;
}

config::MergeSpec merge_spec() {
  config::MergeSpec spec;
  spec.model = tiny_model();
  spec.batch = 4;
  spec.sequence = 16;
  spec.precision = "fp32";
  spec.evaluate.windows = 8;
  return spec;
}

std::map<std::string, std::string> merge_inputs() {
  std::map<std::string, std::string> inputs = {{"corpus", "corpus"}, {"clusters", "clusters"}};
  for (int k = 0; k < 4; ++k) inputs[fmt::format("submodel{}", k)] = fmt::format("submodel{}", k);
  return inputs;
}

}  // namespace

TEST_CASE("clustering gives every document a cluster and counts documents and tokens", "[train]") {
  const Runs runs;
  const auto directory = cluster(runs, cluster_spec());
  const json result = directory.result();
  const auto assignment = methods::read_assignment(directory.path() / methods::kAssignmentFile);
  CHECK(assignment.cluster.size() == 120);
  CHECK(result.at("documents").get<std::vector<int64_t>>() == assignment.sizes());
  int64_t tokens = 0;
  for (size_t k = 0; k < 4; ++k) {
    CHECK(result.at("tokens")[k] == 41 * assignment.sizes()[k]);
    tokens += result.at("tokens")[k].get<int64_t>();
  }
  CHECK(tokens == 120 * 41);
  CHECK(result.at("dimension") == 32);
  CHECK(result.at("variance_explained") > 0);
  CHECK(result.at("variance_explained") < 1);
}

TEST_CASE("a random assignment has k-means' sizes and explains less", "[train]") {
  const Runs runs;
  config::ClusterSpec spec = cluster_spec();
  const json kmeans = cluster(runs, spec).result();
  spec.assignment = "random";
  const json random = cluster(runs, spec).result();
  CHECK(random.at("documents") == kmeans.at("documents"));
  CHECK(random.at("sse") > kmeans.at("sse"));
  CHECK(random.at("variance_explained") < kmeans.at("variance_explained"));
}

TEST_CASE("cluster, four submodels, merge and fine-tuning run through, and merging helps",
          "[train]") {
  const Runs runs;
  cluster(runs, cluster_spec());
  config::TrainSpec spec = tiny_spec();
  spec.phase = "submodel";
  spec.steps = 60;
  for (int64_t k = 0; k < 4; ++k) {
    spec.cluster = k;
    train_here(
        runs.make_training(fmt::format("submodel{}", k), spec, 200, {{"clusters", "clusters"}}));
  }
  const auto merge = runs.make("merge", "merge", config::to_json(merge_spec()), merge_inputs(), {});
  const json result = run_merge(run::open_job(merge), merge, quiet);
  Runs::finish(merge, result);
  double sum = 0;
  for (const json& gamma : result.at("gamma")) sum += gamma.get<double>();
  CHECK(sum == Approx(1).epsilon(1e-12));
  CHECK(result.at("backbone_cosine").size() == 4);
  CHECK(result.at("backbone_cosine")[1][1] == Approx(1).epsilon(1e-12));
  const double update_cosine = result.at("update_cosine")[0][1];
  CHECK(update_cosine > 0);  // they learn the same structure
  CHECK(update_cosine < 0.999);
  CHECK(result.at("merged_loss").at("valid") < 4.1);  // chance is ln 64 = 4.16

  config::TrainSpec finetune = tiny_spec();
  finetune.phase = "finetune";
  finetune.steps = 10;
  const json tuned =
      train_here(runs.make_training("finetune", finetune, 200, {{"initial", "merge"}}));
  const json fresh = train_here(runs, "full", finetune);
  CHECK(tuned.at("final_loss") < fresh.at("final_loss"));
  CHECK(tuned.at("data_hash") == fresh.at("data_hash"));
}

TEST_CASE("merging names the submodel that has no checkpoint", "[train]") {
  const Runs runs;
  cluster(runs, cluster_spec());
  for (int k = 0; k < 4; ++k)
    Runs::finish(runs.make("train", fmt::format("submodel{}", k), json::object(), {}, {}), {});
  const auto merge = runs.make("merge", "merge", config::to_json(merge_spec()), merge_inputs(), {});
  CHECK_THROWS_WITH(run_merge(run::open_job(merge), merge, quiet),
                    Catch::Contains("submodel0/checkpoints: holds no finished checkpoint"));
}
