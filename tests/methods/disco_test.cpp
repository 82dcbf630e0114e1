#include "methods/disco.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "methods/assignment.hpp"
#include "methods/tiny_model.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using methods::Cosines;
using methods::MergeRecipe;
using model::Parameter;
using model::TensorClass;
using model::Transformer;

namespace {

const std::vector<double> kEqual = {0.25, 0.25, 0.25, 0.25};

// Submodels cut from `full`, each changed by `train`, saved as their runs would.
std::vector<fs::path> submodels_of(Transformer& full, const fs::path& folder,
                                   const std::function<void(int64_t, Parameter&)>& train) {
  std::vector<fs::path> files;
  for (int64_t k = 0; k < full.config().experts; ++k) {
    Transformer submodel(one_expert(full.config()), {});
    methods::split(full.parameters(), k, submodel.parameters());
    for (Parameter& parameter : submodel.parameters()) train(k, parameter);
    files.push_back(folder / fmt::format("submodel{}.safetensors", k));
    model::save_weights(files.back(), submodel.parameters());
  }
  return files;
}

void leave(int64_t, Parameter&) {}

at::Tensor value_of(Transformer& model, const std::string& name) {
  for (const Parameter& parameter : model.parameters())
    if (parameter.name == name) return parameter.value;
  FAIL("no tensor " << name);
  return {};
}

}  // namespace

TEST_CASE("split then merge with no training in between is the identity", "[methods]") {
  for (const config::ModelConfig& model : {tiny_model(), config::as_llama_moe(tiny_model())}) {
    const TemporaryDirectory folder;
    Transformer full = initialised(model, 5);
    const at::Tensor before = full.flat_values().clone();
    const auto files = submodels_of(full, folder.path(), leave);
    Transformer merged = initialised(model, 5);
    methods::merge(files, {.gamma = kEqual}, merged.config(), merged.parameters());
    CHECK(at::equal(merged.flat_values(), before));
  }
}

TEST_CASE("a submodel's own initialisation is its slice of the full model's", "[methods]") {
  for (const config::ModelConfig& model : {tiny_model(), config::as_llama_moe(tiny_model())}) {
    Transformer full = initialised(model, 5);
    for (int64_t k = 0; k < 4; ++k) {
      Transformer cut(one_expert(full.config()), {});
      Transformer drawn(one_expert(full.config()), {});
      methods::split(full.parameters(), k, cut.parameters());
      drawn.initialise(5, k);
      CHECK(at::equal(cut.flat_values(), drawn.flat_values()));
    }
  }
}

TEST_CASE("merging averages the shared part by gamma and concatenates the experts", "[methods]") {
  const TemporaryDirectory folder;
  Transformer full = initialised(tiny_model(), 1);
  const auto files = submodels_of(full, folder.path(), [](int64_t k, Parameter& parameter) {
    parameter.value.fill_(static_cast<double>(k + 1));
  });
  methods::merge(files, {.gamma = {0.1, 0.2, 0.3, 0.4}, .scale = 4}, full.config(),
                 full.parameters());
  for (const Parameter& parameter : full.parameters()) {
    INFO(parameter.name);
    if (parameter.tensor_class == TensorClass::shared)
      CHECK(at::allclose(parameter.value, at::full_like(parameter.value, 3.0), 1e-6));
    if (parameter.tensor_class != TensorClass::expert) continue;
    const double scale = parameter.name.ends_with("down_proj") ? 4 : 1;
    for (int64_t k = 0; k < 4; ++k)
      CHECK(at::equal(parameter.value[k],
                      at::full_like(parameter.value[k], scale * static_cast<double>(k + 1))));
  }
}

TEST_CASE("gamma sums to 1 whatever it weighs", "[methods]") {
  const std::vector<int64_t> documents = {10, 20, 30, 40}, tokens = {700, 100, 100, 100};
  for (const char* gamma : {"uniform", "samples", "tokens"}) {
    const auto weights = methods::merge_weights(gamma, documents, tokens);
    CHECK(weights[0] + weights[1] + weights[2] + weights[3] == Approx(1).epsilon(1e-15));
  }
  CHECK(methods::merge_weights("uniform", documents, tokens) == kEqual);
  CHECK(methods::merge_weights("samples", documents, tokens)[3] == 0.4);
  CHECK(methods::merge_weights("tokens", documents, tokens)[0] == 0.7);
}

TEST_CASE("the concatenated router is the common initial one, with distinct rows", "[methods]") {
  const TemporaryDirectory folder;
  Transformer full = initialised(tiny_model(), 1);
  const auto files = submodels_of(full, folder.path(), leave);
  const std::string gate = "model.layers.0.mlp.gate.weight";
  const at::Tensor before = value_of(full, gate).clone();
  methods::merge(files, {.gamma = kEqual}, full.config(), full.parameters());
  CHECK(at::equal(value_of(full, gate), before));
  for (int64_t row = 1; row < 4; ++row) CHECK_FALSE(at::equal(before[row], before[0]));
}

TEST_CASE("a router of zeros is exact when all experts are active, else ties are broken",
          "[methods]") {
  const TemporaryDirectory folder;
  const std::string gate = "model.layers.1.mlp.gate.weight";
  for (const int64_t top_k : {4, 2}) {
    config::ModelConfig config = tiny_model();
    config.top_k = top_k;
    Transformer full = initialised(config, 1);
    const auto files = submodels_of(full, folder.path(), leave);
    methods::merge(files, {.gamma = kEqual, .router = "zeros"}, config, full.parameters());
    const double largest = value_of(full, gate).abs().max().item<double>();
    CHECK((top_k == 4 ? largest == 0 : largest > 0 && largest < 1e-5));
  }
}

TEST_CASE("an mlp router of zeros is exact and yet receives a gradient", "[methods]") {
  const TemporaryDirectory folder;
  Transformer full = initialised(config::as_llama_moe(tiny_model()), 1);
  const auto files = submodels_of(full, folder.path(), leave);
  methods::merge(files, {.gamma = kEqual, .router = "zeros"}, full.config(), full.parameters());
  full.values_changed();
  const std::string network = "model.layers.1.mlp.gate.gate_network.";
  CHECK(value_of(full, network + "2.weight").abs().max().item<double>() == 0);
  CHECK(value_of(full, network + "0.weight").abs().max().item<double>() > 0);
  full.zero_gradients();
  full.forward(at::arange(26, at::kLong).view({2, 13}), true).total.backward();
  for (const Parameter& parameter : full.parameters())
    if (parameter.name == network + "2.weight")
      CHECK(parameter.gradient.abs().max().item<double>() > 0);
}

TEST_CASE("a fresh normal router differs from the initial one and has its spread", "[methods]") {
  const TemporaryDirectory folder;
  const std::string gate = "model.layers.0.mlp.gate.weight";
  Transformer full = initialised(tiny_model(), 1);
  const at::Tensor before = value_of(full, gate).clone();
  const auto files = submodels_of(full, folder.path(), leave);
  const MergeRecipe options{.gamma = kEqual, .router = "normal", .seed = 1};
  methods::merge(files, options, full.config(), full.parameters());
  const at::Tensor after = value_of(full, gate).clone();
  CHECK((after - before).abs().min().item<double>() > 0);
  CHECK(after.std().item<double>() == Approx(0.02).epsilon(0.3));  // 64 draws
  methods::merge(files, options, full.config(), full.parameters());
  CHECK(at::equal(value_of(full, gate), after));
}

TEST_CASE("equal router rows are refused where the router must choose", "[methods]") {
  const TemporaryDirectory folder;
  config::ModelConfig config = tiny_model();
  config.top_k = 2;
  Transformer full = initialised(config, 1);
  const auto files = submodels_of(full, folder.path(), leave);
  at::Tensor gate = value_of(full, "model.layers.1.mlp.gate.weight");
  gate[3].copy_(gate[1]);
  CHECK_THROWS_WITH(methods::merge(files, {.gamma = kEqual}, config, full.parameters()),
                    Catch::Contains("rows 1 and 3 are equal"));
}

TEST_CASE("cosines tell apart where the submodels are from how they moved", "[methods]") {
  const TemporaryDirectory folder;
  Transformer full = initialised(tiny_model(), 1);
  // 0 and 1 move by opposite amounts, 2 as 0 does, 3 stays.
  const auto files = submodels_of(full, folder.path(), [](int64_t k, Parameter& parameter) {
    at::Tensor value = parameter.value;
    if (k < 3) value.add_(k == 1 ? -1e-3 : 1e-3);
  });
  const Cosines cosine = methods::merge(files, {.gamma = kEqual}, full.config(), full.parameters());
  CHECK(cosine.updates[0 * 4 + 1] == Approx(-1).epsilon(1e-3));  // updates rounded to fp32
  CHECK(cosine.updates[0 * 4 + 2] == Approx(1).epsilon(1e-3));
  CHECK(cosine.updates[0 * 4 + 3] == 0);
  CHECK(cosine.parameters[0 * 4 + 0] == Approx(1).epsilon(1e-12));
  CHECK(cosine.parameters[0 * 4 + 1] > 0.99);
  CHECK(cosine.parameters[1 * 4 + 2] == cosine.parameters[2 * 4 + 1]);
}

TEST_CASE("an assignment survives its file, and a damaged file is refused", "[methods]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "clusters.bin";
  const methods::Assignment written{3, {0, 2, 2, 1, 0}};
  methods::write_assignment(path, written);
  const methods::Assignment read = methods::read_assignment(path);
  CHECK(read.clusters == 3);
  CHECK(read.cluster == written.cluster);
  CHECK(read.documents_of(2) == std::vector<int64_t>{1, 2});
  CHECK(read.sizes() == std::vector<int64_t>{2, 1, 2});

  const std::string bytes = read_file(path);
  for (size_t length : {size_t{0}, size_t{20}, bytes.size() - 1}) {
    write_file_atomically(path, bytes.substr(0, length));
    CHECK_THROWS_AS(methods::read_assignment(path), Error);
  }
  std::string wrong = bytes;
  wrong[24] = 3;  // a cluster that does not exist
  write_file_atomically(path, wrong);
  CHECK_THROWS_WITH(methods::read_assignment(path), Catch::Contains("outside its range"));
  wrong[0] = 'X';
  write_file_atomically(path, wrong);
  CHECK_THROWS_WITH(methods::read_assignment(path), Catch::Contains("not a cluster assignment"));
}
