#include "methods/assemble.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "methods/disco.hpp"
#include "methods/partition.hpp"
#include "methods/router_start.hpp"
#include "methods/tiny_model.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using model::Parameter;
using model::TensorClass;
using model::Transformer;

namespace {

fs::path saved(Transformer& model, const fs::path& folder, const std::string& name) {
  const fs::path file = folder / (name + ".safetensors");
  model::save_weights(file, model.parameters());
  return file;
}

}  // namespace

TEST_CASE("the average of one model is that model, bit for bit", "[methods]") {
  for (const config::ModelConfig& config : {tiny_model(), config::as_llama_moe(tiny_model())}) {
    const TemporaryDirectory folder;
    Transformer trained = initialised(config, 7);
    const std::vector<fs::path> files = {saved(trained, folder.path(), "one")};
    Transformer full = initialised(config, 1);
    methods::average(files, {1.0}, full.parameters());
    CHECK(at::equal(full.flat_values(), trained.flat_values()));
  }
}

TEST_CASE("an average weighs every tensor, routers and experts too", "[methods]") {
  const TemporaryDirectory folder;
  Transformer a = initialised(tiny_model(), 1), b = initialised(tiny_model(), 2);
  const std::vector<fs::path> files = {saved(a, folder.path(), "a"), saved(b, folder.path(), "b")};
  Transformer full = initialised(tiny_model(), 3);
  methods::average(files, {0.25, 0.75}, full.parameters());
  CHECK(at::allclose(full.flat_values(), 0.25 * a.flat_values() + 0.75 * b.flat_values(), 1e-6,
                     1e-8));
}

TEST_CASE("models that moved alike from their start have updates of cosine 1, opposite ones -1",
          "[methods]") {
  const TemporaryDirectory folder;
  Transformer start = initialised(tiny_model(), 1), ahead = initialised(tiny_model(), 1),
              back = initialised(tiny_model(), 1);
  ahead.flat_values().add_(0.5);
  back.flat_values().sub_(0.5);
  const std::vector<fs::path> files = {saved(ahead, folder.path(), "ahead"),
                                       saved(back, folder.path(), "back")};
  const methods::Cosines cosines = methods::average(files, {0.5, 0.5}, start.parameters());
  CHECK(cosines.updates[0] == Approx(1).epsilon(1e-6));
  CHECK(cosines.updates[1] == Approx(-1).epsilon(1e-6));
}

TEST_CASE("a copied expert stands in every slot, and with all of them active reads as the one",
          "[methods]") {
  const TemporaryDirectory folder;
  Transformer dense = initialised(config::one_expert(tiny_model()), 4);
  const fs::path file = saved(dense, folder.path(), "dense");
  Transformer full = initialised(tiny_model(), 1);
  methods::copy_into_experts(file, {}, tiny_model(), full.parameters());
  for (const Parameter& parameter : full.parameters())
    if (parameter.tensor_class == TensorClass::expert)
      for (int64_t e = 1; e < 4; ++e) CHECK(at::equal(parameter.value[e], parameter.value[0]));
  full.values_changed();
  dense.values_changed();
  // Softmax scores over all experts sum to 1, so a mixture of equal experts is the expert.
  const at::Tensor tokens = (at::randn({2, 9}) * 100).abs().to(at::kLong).remainder(40);
  CHECK(at::allclose(full.logits(tokens), dense.logits(tokens), 1e-4, 1e-5));
}

TEST_CASE("noise makes the copies differ by so many deviations of the copied tensor", "[methods]") {
  const TemporaryDirectory folder;
  Transformer dense = initialised(config::one_expert(tiny_model()), 4);
  const fs::path file = saved(dense, folder.path(), "dense");
  Transformer exact = initialised(tiny_model(), 1), noisy = initialised(tiny_model(), 1),
              again = initialised(tiny_model(), 1);
  methods::copy_into_experts(file, {}, tiny_model(), exact.parameters());
  methods::copy_into_experts(file, {.noise = 0.1, .seed = 5}, tiny_model(), noisy.parameters());
  methods::copy_into_experts(file, {.noise = 0.1, .seed = 5}, tiny_model(), again.parameters());
  CHECK(at::equal(noisy.flat_values(), again.flat_values()));
  for (size_t i = 0; i < exact.parameters().size(); ++i) {
    const Parameter& parameter = exact.parameters()[i];
    const at::Tensor change = noisy.parameters()[i].value - parameter.value;
    INFO(parameter.name);
    if (parameter.tensor_class != TensorClass::expert)
      CHECK(change.abs().max().item<double>() == 0);
    else  // 768 draws or more: their deviation is within a tenth
      CHECK(change.std().item<double>() ==
            Approx(0.1 * parameter.value[0].std().item<double>()).epsilon(0.1));
  }
}

TEST_CASE("copies scaled by the number of experts have their down projection alone scaled",
          "[methods]") {
  const TemporaryDirectory folder;
  Transformer dense = initialised(config::one_expert(tiny_model()), 4);
  const fs::path file = saved(dense, folder.path(), "dense");
  Transformer once = initialised(tiny_model(), 1), scaled = initialised(tiny_model(), 1);
  methods::copy_into_experts(file, {}, tiny_model(), once.parameters());
  methods::copy_into_experts(file, {.scale = 4}, tiny_model(), scaled.parameters());
  for (size_t i = 0; i < once.parameters().size(); ++i) {
    const bool down = once.parameters()[i].name.ends_with("experts.down_proj");
    CHECK(at::equal(scaled.parameters()[i].value, once.parameters()[i].value * (down ? 4 : 1)));
  }
}

TEST_CASE("copies behind equal router rows are refused: they would stay equal for ever",
          "[methods]") {
  const TemporaryDirectory folder;
  Transformer dense = initialised(config::one_expert(tiny_model()), 4);
  const fs::path file = saved(dense, folder.path(), "dense");
  Transformer full = initialised(tiny_model(), 1);
  for (const Parameter& parameter : full.parameters()) {
    at::Tensor value = parameter.value;
    if (parameter.tensor_class == TensorClass::router) value.zero_();
  }
  CHECK_THROWS_WITH(methods::copy_into_experts(file, {}, tiny_model(), full.parameters()),
                    Catch::Contains("rows 0 and 1 are equal"));
  CHECK_NOTHROW(
      methods::copy_into_experts(file, {.router = "normal"}, tiny_model(), full.parameters()));
}

TEST_CASE("a merge of the backbone alone leaves the experts as they began, and the other way",
          "[methods]") {
  const TemporaryDirectory folder;
  std::vector<fs::path> files;
  for (uint64_t k = 0; k < 4; ++k) {
    Transformer part = initialised(config::one_expert(tiny_model()), 10 + k);
    files.push_back(saved(part, folder.path(), fmt::format("part{}", k)));
  }
  const std::vector<double> equal(4, 0.25);
  Transformer start = initialised(tiny_model(), 1), all = initialised(tiny_model(), 1),
              backbone = initialised(tiny_model(), 1), experts = initialised(tiny_model(), 1);
  methods::merge(files, {.gamma = equal}, tiny_model(), all.parameters());
  methods::merge(files, {.gamma = equal, .experts = false}, tiny_model(), backbone.parameters());
  methods::merge(files, {.gamma = equal, .backbone = false}, tiny_model(), experts.parameters());
  for (size_t i = 0; i < all.parameters().size(); ++i) {
    const Parameter& parameter = start.parameters()[i];
    const bool expert = parameter.tensor_class == TensorClass::expert;
    const bool router = parameter.tensor_class == TensorClass::router;
    INFO(parameter.name);
    const at::Tensor& merged = all.parameters()[i].value;
    CHECK(at::equal(backbone.parameters()[i].value, expert ? parameter.value : merged));
    CHECK(at::equal(experts.parameters()[i].value, expert || router ? merged : parameter.value));
  }
}

TEST_CASE("equal parts differ in size by at most one and hold every point", "[methods]") {
  CHECK(methods::equal_sizes(10, 4) == std::vector<int64_t>{3, 3, 2, 2});
  CHECK(methods::equal_sizes(8, 1) == std::vector<int64_t>{8});
  const auto dealt = methods::random_assignment(methods::equal_sizes(10, 4), 3);
  std::vector<int64_t> sizes(4);
  for (const uint16_t k : dealt) ++sizes[k];
  CHECK(sizes == std::vector<int64_t>{3, 3, 2, 2});
}

TEST_CASE("centroid rows point from the mean of all to each part's own, at a fresh row's length",
          "[methods]") {
  at::manual_seed(3);
  methods::RouterRows rows(1, 3, 6);
  at::Tensor means = at::randn({3, 6}, at::kDouble);
  for (int64_t k = 0; k < 3; ++k)
    // Two tokens about the mean, so that the mean is exact.
    for (const double side : {-1.0, 1.0})
      rows.add(k, {(means[k] + side * at::full_like(means[k], 0.5)).unsqueeze(0)});
  const at::Tensor found = rows.centroids(0, 2.0).to(at::kDouble);
  const at::Tensor expected = means - means.mean(0, true);
  const double scale = 2.0 / std::sqrt(expected.square().sum(1).mean().item<double>());
  CHECK(at::allclose(found, expected * scale, 1e-5, 1e-6));
  methods::RouterRows same(1, 2, 6);
  for (int64_t k = 0; k < 2; ++k) same.add(k, {means.narrow(0, 0, 1)});
  CHECK_THROWS_WITH(same.centroids(0, 1), Catch::Contains("reads the same of every part's text"));
}

TEST_CASE("ridge rows answer each part's own text with 1 and the others' with 0 where they can",
          "[methods]") {
  at::manual_seed(4);
  methods::RouterRows rows(1, 3, 8);
  // Parts in subspaces of their own: a linear map tells them apart exactly.
  std::vector<at::Tensor> texts;
  for (int64_t k = 0; k < 3; ++k) {
    at::Tensor x = at::zeros({50, 8}, at::kDouble);
    x.narrow(1, 2 * k, 2).copy_(at::randn({50, 2}, at::kDouble).abs() + 1);
    texts.push_back(x / x.sum(1, true));
    rows.add(k, {texts.back()});
  }
  const at::Tensor weight = rows.ridge(0, 1e-9).to(at::kDouble);
  for (int64_t k = 0; k < 3; ++k) {
    const at::Tensor answers = texts[static_cast<size_t>(k)].matmul(weight.t());
    CHECK(answers.select(1, k).sub(1).abs().max().item<double>() < 1e-3);
    CHECK(answers.select(1, (k + 1) % 3).abs().max().item<double>() < 1e-3);
  }
}
