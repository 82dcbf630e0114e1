#include <ATen/TensorOperators.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "config/assembly_spec.hpp"
#include "methods/assignment.hpp"
#include "methods/document_vectors.hpp"
#include "methods/partition.hpp"
#include "worker/jobs_fixture.hpp"

using namespace repro;
using namespace repro::worker;
using nlohmann::json;
using train::Runs;
using train::tiny_model;

namespace {

config::ClusterSpec cluster_spec() {
  config::ClusterSpec spec;
  spec.embedding = "model";
  spec.k = 4;
  spec.model = tiny_model();
  return spec;
}

json cluster_here(const Runs& runs, const config::ClusterSpec& spec,
                  const std::string& name = "assigned") {
  return do_here(runs, "cluster", name, config::to_json(spec), {{"corpus", "corpus"}});
}

config::TrainSpec part_spec(int64_t k) {
  config::TrainSpec spec = train::tiny_spec();
  spec.model = config::one_expert(spec.model);
  spec.slice = spec.part = k;
  spec.steps = 60;
  return spec;
}

json merge_spec() {
  config::MergeSpec spec;
  spec.model = tiny_model();
  spec.precision = "fp32";
  return config::to_json(spec);
}

std::map<std::string, std::string> merge_inputs() {
  std::map<std::string, std::string> inputs = {{"assignment", "assigned"}};
  for (int k = 0; k < 4; ++k) inputs[fmt::format("part{}", k)] = fmt::format("part{}", k);
  return inputs;
}

}  // namespace

TEST_CASE("clustering gives every document a cluster and counts documents and tokens", "[worker]") {
  const Runs runs;
  const json result = cluster_here(runs, cluster_spec());
  const auto assignment =
      methods::read_assignment(runs.path() / "assigned" / methods::kAssignmentFile);
  CHECK(assignment.cluster.size() == 120);
  CHECK(result.at("documents").get<std::vector<int64_t>>() == assignment.sizes());
  int64_t tokens = 0;
  for (size_t k = 0; k < 4; ++k) {
    CHECK(result.at("tokens")[k] == 41 * assignment.sizes()[k]);
    tokens += result.at("tokens")[k].get<int64_t>();
  }
  CHECK(tokens == 120 * 41);
  CHECK(result.at("warnings").empty());
  CHECK(result.at("tiny") == 0);
  CHECK(result.at("dimension") == 32);
  CHECK(result.at("variance_explained") > 0);
  CHECK(result.at("variance_explained") < 1);
}

TEST_CASE("clustering keeps the best of its restarts and says what each came to", "[worker]") {
  const Runs runs;
  config::ClusterSpec spec = cluster_spec();
  const json once = cluster_here(runs, spec);
  spec.restarts = 5;
  const json best = cluster_here(runs, spec, "best");
  const auto sse = best.at("restarts").at("sse").get<std::vector<double>>();
  REQUIRE(sse.size() == 5);
  const size_t chosen = best.at("restarts").at("chosen");
  CHECK(sse[0] == once.at("sse"));
  CHECK(best.at("sse") == sse[chosen]);
  CHECK(best.at("sse") < once.at("sse"));
  for (const double other : sse) CHECK(sse[chosen] <= other * (1 + 1e-9));
  const auto tokens = best.at("tokens").get<std::vector<int64_t>>();
  const auto least = static_cast<double>(*std::min_element(tokens.begin(), tokens.end()));
  CHECK(best.at("restarts").at("smallest_share")[chosen] == Approx(least / (120 * 41)));
}

TEST_CASE("clustering names each cluster with less than the least share of the tokens",
          "[worker]") {
  const Runs runs;
  config::ClusterSpec spec = cluster_spec();
  spec.minimum_share = 0.25;  // what every cluster of four would have on average
  const json result = cluster_here(runs, spec);
  std::vector<std::string> expected;
  for (size_t k = 0; k < 4; ++k)
    if (result.at("documents")[k] < 30)
      expected.push_back(fmt::format("cluster {} has {:.2g} % of the tokens in {} documents", k,
                                     result.at("documents")[k].get<double>() / 1.2,
                                     result.at("documents")[k].get<int64_t>()));
  REQUIRE_FALSE(expected.empty());
  CHECK(result.at("tiny") == expected.size());
  REQUIRE(result.at("warnings").size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(result.at("warnings")[i].get<std::string>().starts_with(expected[i]));

  spec.minimum_share = 0.3;
  CHECK_THROWS_WITH(cluster_here(runs, spec, "too_much"),
                    Catch::Contains("minimum_share = 0.3: 4 clusters have 0.25 on average"));
}

TEST_CASE("vectors are brought to length 1 before clustering when the spec says so", "[worker]") {
  const Runs runs;
  config::ClusterSpec spec = cluster_spec();
  const data::TokenShards shards(runs.path() / "corpus/train.tokens");
  const at::Tensor vectors_ND =
      methods::document_vectors(spec, runs.path() / "corpus", shards,
                                [](std::string_view, double, double, std::string_view) {});
  const std::vector<uint16_t> one(120, 0);
  for (const bool normalise : {false, true}) {
    spec.normalise = normalise;
    const json result = cluster_here(runs, spec, normalise ? "normalised" : "raw");
    const at::Tensor expected_ND =
        normalise ? vectors_ND / vectors_ND.norm(2, {1}, true) : vectors_ND;
    const double total = methods::spread_of(expected_ND.contiguous(), one, 1).within;
    const double within = result.at("sse"), explained = result.at("variance_explained");
    CHECK(within / (1 - explained) == Approx(total).epsilon(1e-5));
  }
}

TEST_CASE("a random assignment has k-means' sizes and explains less", "[worker]") {
  const Runs runs;
  config::ClusterSpec spec = cluster_spec();
  const json kmeans = cluster_here(runs, spec);
  spec.assignment = "random";
  const json random = cluster_here(runs, spec, "random");
  CHECK(random.at("documents") == kmeans.at("documents"));
  CHECK(random.at("sse") > kmeans.at("sse"));
  CHECK(random.at("variance_explained") < kmeans.at("variance_explained"));
}

TEST_CASE("parts trained apart, merged and trained on beat a fresh start of equal length",
          "[worker]") {
  const Runs runs;
  cluster_here(runs, cluster_spec());
  for (int64_t k = 0; k < 4; ++k)
    do_here(runs, "train", fmt::format("part{}", k), config::to_json(part_spec(k)),
            {{"corpus", "corpus"}, {"assignment", "assigned"}});
  const json result = do_here(runs, "merge", "merged", merge_spec(), merge_inputs());
  double sum = 0;
  for (const json& gamma : result.at("gamma")) sum += gamma.get<double>();
  CHECK(sum == Approx(1).epsilon(1e-12));
  CHECK(result.at("backbone_cosine").size() == 4);
  CHECK(result.at("backbone_cosine")[1][1] == Approx(1).epsilon(1e-12));
  const double update_cosine = result.at("update_cosine")[0][1];
  CHECK(update_cosine > 0);  // they learn the same structure
  CHECK(update_cosine < 0.999);

  config::EvalSpec eval;
  eval.model = tiny_model();
  eval.sequence = 16;
  eval.precision = "fp32";
  eval.measures = {{.name = "unseen", .windows = 8}};
  const json measured = do_here(runs, "eval", "measured", config::to_json(eval),
                                {{"weights", "merged"}, {"corpus", "corpus"}});
  CHECK(measured.at("measures").at("unseen").at("loss") < 4.1);  // chance is ln 64 = 4.16

  config::TrainSpec spec = train::tiny_spec();
  spec.steps = 10;
  const json tuned = do_here(runs, "train", "tuned", config::to_json(spec),
                             {{"corpus", "corpus"}, {"initial", "merged"}});
  const json fresh = do_here(runs, "train", "fresh", config::to_json(spec), {{"corpus", "corpus"}});
  CHECK(tuned.at("loss_last") < fresh.at("loss_last"));
  CHECK(tuned.at("data_hash") == fresh.at("data_hash"));
}

TEST_CASE("local SGD with one part is full training, bit for bit, and its average that model",
          "[worker]") {
  const Runs runs;
  config::ClusterSpec equal;
  equal.assignment = "equal";
  equal.k = 1;
  const json dealt = cluster_here(runs, equal);
  CHECK(dealt.at("documents") == json::array({120}));
  config::TrainSpec spec = train::tiny_spec();
  const json full = do_here(runs, "train", "full", config::to_json(spec), {{"corpus", "corpus"}});
  spec.part = 0;
  const json part = do_here(runs, "train", "part0", config::to_json(spec),
                            {{"corpus", "corpus"}, {"assignment", "assigned"}});
  CHECK(part.at("data_hash") == full.at("data_hash"));
  config::MergeSpec merge;
  merge.model = tiny_model();
  merge.precision = "fp32";
  merge.of = "models";
  do_here(runs, "merge", "averaged", config::to_json(merge),
          {{"assignment", "assigned"}, {"part0", "part0"}});
  const std::string bytes = read_file(runs.path() / "full/model.safetensors");
  CHECK(read_file(runs.path() / "part0/model.safetensors") == bytes);
  CHECK(read_file(runs.path() / "averaged/model.safetensors") == bytes);
}

TEST_CASE("equal parts hold every document once, and too few documents are refused", "[worker]") {
  const Runs runs;
  config::ClusterSpec equal;
  equal.assignment = "equal";
  equal.k = 7;
  const json dealt = cluster_here(runs, equal);
  int64_t documents = 0;
  for (const json& count : dealt.at("documents")) {
    CHECK((count == 17 || count == 18));
    documents += count.get<int64_t>();
  }
  CHECK(documents == 120);
  equal.k = 121;
  CHECK_THROWS_WITH(cluster_here(runs, equal, "too_many"),
                    Catch::Contains("120 documents for 121 parts"));
}

TEST_CASE("upcycling needs one model, and copies it into every expert", "[worker]") {
  const Runs runs;
  config::TrainSpec spec = train::tiny_spec();
  spec.model = config::one_expert(spec.model);
  spec.slice = 0;
  do_here(runs, "train", "part0", config::to_json(spec), {{"corpus", "corpus"}});
  config::MergeSpec merge;
  merge.model = tiny_model();
  merge.precision = "fp32";
  merge.of = "copies";
  const json copied =
      do_here(runs, "merge", "copied", config::to_json(merge), {{"part0", "part0"}});
  CHECK(copied.at("gamma") == json::array({1.0}));
  config::EvalSpec eval;
  eval.sequence = 16;
  eval.precision = "fp32";
  eval.measures = {{.name = "unseen", .windows = 8}};
  const auto loss = [&](const config::ModelConfig& model, const std::string& weights) {
    eval.model = model;
    return do_here(runs, "eval", "of-" + weights, config::to_json(eval),
                   {{"weights", weights}, {"corpus", "corpus"}})
        .at("measures")
        .at("unseen")
        .at("loss")
        .get<double>();
  };
  CHECK(loss(tiny_model(), "copied") == Approx(loss(spec.model, "part0")).epsilon(1e-5));
  CHECK_THROWS_WITH(do_here(runs, "merge", "twice", config::to_json(merge),
                            {{"part0", "part0"}, {"part1", "part0"}}),
                    Catch::Contains("2 parts, but one model is copied"));
}

TEST_CASE("an ensemble of submodels is measured without a merge", "[worker]") {
  const Runs runs;
  cluster_here(runs, cluster_spec());
  for (int64_t k = 0; k < 4; ++k)
    do_here(runs, "train", fmt::format("part{}", k), config::to_json(part_spec(k)),
            {{"corpus", "corpus"}, {"assignment", "assigned"}});
  config::EvalSpec eval;
  eval.model = config::one_expert(tiny_model());
  eval.sequence = 16;
  eval.precision = "fp32";
  eval.measures = {{.name = "unseen", .windows = 8}};
  const auto loss_of = [&](const std::string& name, std::map<std::string, std::string> inputs) {
    inputs["corpus"] = "corpus";
    return do_here(runs, "eval", name, config::to_json(eval), inputs)
        .at("measures")
        .at("unseen")
        .at("loss")
        .get<double>();
  };
  double best = 100;
  std::map<std::string, std::string> parts;
  for (int k = 0; k < 4; ++k) {
    const std::string part = fmt::format("part{}", k);
    best = std::min(best, loss_of("alone" + part, {{"weights", part}}));
    parts[part] = part;
  }
  eval.ensemble = "posterior";
  // A window's posterior costs at most ln 4 nats over its best model.
  CHECK(loss_of("together", parts) < best + std::log(4.0) / 16);
  CHECK_THROWS_WITH(loss_of("nothing", {}), Catch::Contains("has no input 'part0'"));
}

TEST_CASE("routers made of the parts' text differ by part, and an mlp is refused", "[worker]") {
  const Runs runs;
  cluster_here(runs, cluster_spec());
  for (int64_t k = 0; k < 4; ++k)
    do_here(runs, "train", fmt::format("part{}", k), config::to_json(part_spec(k)),
            {{"corpus", "corpus"}, {"assignment", "assigned"}});
  std::map<std::string, std::string> inputs = merge_inputs();
  inputs["corpus"] = "corpus";
  config::MergeSpec spec;
  spec.model = tiny_model();
  spec.precision = "fp32";
  spec.sequence = 16;
  spec.batch = 4;
  std::set<std::string> files;
  for (const char* router : {"concatenate", "normal", "centroid", "ridge"}) {
    spec.router = router;
    do_here(runs, "merge", router, config::to_json(spec), inputs);
    files.insert(read_file(runs.path() / router / "model.safetensors"));
  }
  CHECK(files.size() == 4);
  spec.model.router.network = config::RouterNetwork::mlp;
  CHECK_THROWS_WITH(do_here(runs, "merge", "mlp", config::to_json(spec), inputs),
                    Catch::Contains("makes the rows of a linear router"));
}

TEST_CASE("merging names the part that left no weights", "[worker]") {
  const Runs runs;
  cluster_here(runs, cluster_spec());
  for (int k = 0; k < 4; ++k)
    Runs::finish(runs.make("train", fmt::format("part{}", k), json::object(), {}, {}), {});
  CHECK_THROWS_WITH(do_here(runs, "merge", "merged", merge_spec(), merge_inputs()),
                    Catch::Contains("part0: holds no weights"));
}

TEST_CASE("a kind of job that this worker does not know is refused by its name", "[worker]") {
  const Runs runs;
  CHECK_THROWS_WITH(do_here(runs, "distil", "job", json::object(), {}),
                    Catch::Contains("unknown kind of job 'distil'"));
}
