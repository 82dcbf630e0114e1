#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <ATen/Parallel.h>
#include "train/optimizer.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using repro::config::OptimizerSpec;
using repro::train::AdamW;
using repro::train::part_of;

namespace {

const OptimizerSpec kSpec{.lr = 1e-2, .weight_decay = 0.1, .clip = 0};

at::Tensor draw(int64_t seed, int64_t count) {
  at::manual_seed(static_cast<uint64_t>(seed));
  return at::randn({count});
}

// The textbook, in double, one element at a time.
struct Reference {
  at::Tensor value, m, v;
  double t = 0;
  void update(const at::Tensor& gradient, double lr, double decay, const OptimizerSpec& spec) {
    ++t;
    const at::Tensor g = gradient.to(at::kDouble);
    m = spec.beta1 * m + (1 - spec.beta1) * g;
    v = spec.beta2 * v + (1 - spec.beta2) * g * g;
    const at::Tensor m_hat = m / (1 - std::pow(spec.beta1, t));
    const at::Tensor v_hat = v / (1 - std::pow(spec.beta2, t));
    value = value * (1 - lr * decay) - lr * m_hat / (v_hat.sqrt() + spec.epsilon);
  }
};

Reference reference_of(const at::Tensor& value) {
  return {value.to(at::kDouble), at::zeros_like(value, at::kDouble),
          at::zeros_like(value, at::kDouble)};
}

}  // namespace

TEST_CASE("AdamW in one fp32 pass follows the textbook in double", "[train]") {
  const int64_t count = 70'003, decayed = 65'600;  // neither a multiple of a chunk or vector
  at::Tensor values = draw(1, count), gradients = at::zeros({count});
  Reference first = reference_of(values.narrow(0, 0, decayed));
  Reference rest = reference_of(values.narrow(0, decayed, count - decayed));
  AdamW optimizer(kSpec, values, gradients, decayed);
  for (int64_t step = 0; step < 5; ++step) {
    gradients.copy_(draw(10 + step, count));
    // A schedule's rates, of which none but the first is the spec's: the decay follows them too.
    const double lr = 1e-2 * static_cast<double>(5 - step) / 5;
    first.update(gradients.narrow(0, 0, decayed), lr, kSpec.weight_decay, kSpec);
    rest.update(gradients.narrow(0, decayed, count - decayed), lr, 0, kSpec);
    optimizer.update(lr, optimizer.gradient_norm());
  }
  const at::Tensor expected = at::cat({first.value, rest.value});
  // Values reach 4.5, where fp32 rounds by up to 2.4e-7; five updates of two roundings each.
  CHECK((values.to(at::kDouble) - expected).abs().max().item<double>() < 2.5e-6);
}

TEST_CASE("gradients are scaled to the clipping norm, as clip_grad_norm_ does", "[train]") {
  OptimizerSpec spec = kSpec;
  spec.clip = 1;
  at::Tensor values = draw(1, 100), gradients = 50 * draw(2, 100);
  at::Tensor twin = values.clone();
  AdamW clipped(spec, values, gradients, 100);
  const double norm = clipped.gradient_norm();
  CHECK(norm == Approx(gradients.norm().item<double>()).epsilon(1e-6));
  clipped.update(1e-2, norm);
  CHECK((clipped.first_moment() * 10).norm().item<double>() == Approx(1).epsilon(1e-5));

  AdamW scaled(kSpec, twin, gradients * (1 / (norm + 1e-6)), 100);
  scaled.update(1e-2, 1);
  CHECK(at::allclose(values, twin, 0, 1e-7));
}

TEST_CASE("a gradient below the clipping norm is left alone", "[train]") {
  OptimizerSpec spec = kSpec;
  spec.clip = 1e6;
  at::Tensor values = draw(1, 100), twin = values.clone();
  const at::Tensor gradients = draw(2, 100);
  AdamW clipped(spec, values, gradients, 50), free(kSpec, twin, gradients, 50);
  clipped.update(1e-2, clipped.gradient_norm());
  free.update(1e-2, free.gradient_norm());
  CHECK(at::equal(values, twin));
}

TEST_CASE("the gradient norm shows NaN and infinity wherever they stand", "[train]") {
  at::Tensor values = at::zeros({100'000}), gradients = at::ones({100'000});
  const AdamW optimizer(kSpec, values, gradients, 0);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
    for (int64_t place : {0, 65'536, 99'999}) {
      gradients.fill_(1);
      gradients[place] = bad;
      CHECK_FALSE(std::isfinite(optimizer.gradient_norm()));
    }
}

TEST_CASE("the number of threads does not change a bit of norm or update", "[train]") {
  const at::Tensor start = draw(1, 300'000), gradients = draw(2, 300'000);
  std::vector<double> norms;
  std::vector<at::Tensor> results;
  for (int threads : {1, 2}) {
    at::set_num_threads(threads);
    at::Tensor values = start.clone();
    AdamW optimizer(kSpec, values, gradients, 200'000);
    norms.push_back(optimizer.gradient_norm());
    optimizer.update(1e-2, norms.back());
    results.push_back(values);
  }
  at::set_num_threads(1);
  CHECK(norms[0] == norms[1]);
  CHECK(at::equal(results[0], results[1]));
}

TEST_CASE("parts of the values updated apart end as all together, moments and all", "[train]") {
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor start = draw(1, 200'001).to(type), gradients = draw(2, 200'001).to(type);
    at::Tensor whole = start.clone(), parts = start.clone();
    AdamW all(kSpec, whole, gradients, 120'000);
    std::vector<AdamW> each;
    for (int64_t index = 0; index < 3; ++index)
      each.emplace_back(kSpec, parts, gradients, 120'000, part_of(200'001, index, 3));
    for (int step = 0; step < 3; ++step) {
      all.update(1e-2, all.gradient_norm());
      for (AdamW& one : each) one.update(1e-2, one.gradient_norm());
    }
    CHECK(at::equal(whole, parts));
    CHECK((all.whole() && !each[0].whole()));
    for (const AdamW& one : each) {
      const auto part = [&](const at::Tensor& flat) {
        return flat.narrow(0, one.part().first, one.part().count);
      };
      CHECK(at::equal(one.first_moment(), part(all.first_moment())));
      CHECK(at::equal(one.second_moment(), part(all.second_moment())));
    }
  }
}

TEST_CASE("pure bf16 cannot move a norm weight of 1 at the paper's rates, fp32 can", "[train]") {
  for (const double lr : {1e-4, 3e-4}) {
    at::Tensor literal = at::ones({64}, at::kBFloat16), master = at::ones({64});
    AdamW pure(kSpec, literal, at::ones({64}, at::kBFloat16), 0);
    AdamW mixed(kSpec, master, at::ones({64}), 0);
    pure.update(lr, 8);
    mixed.update(lr, 8);
    CHECK(at::equal(literal, at::ones({64}, at::kBFloat16)));
    CHECK(master[0].item<double>() == Approx(1 - lr).epsilon(1e-6));
  }
}

TEST_CASE("pure bf16 freezes 11.8 % of N(0, 0.02) weights at 1e-4 and none at 3e-4", "[train]") {
  const int64_t count = 1 << 18;
  for (const auto& [lr, share] : {std::pair{1e-4, 0.1182}, std::pair{3e-4, 0.0}}) {
    const at::Tensor start = (0.02 * draw(3, count)).to(at::kBFloat16);
    at::Tensor values = start.clone();
    AdamW pure(kSpec, values, at::ones({count}, at::kBFloat16), 0);
    pure.update(lr, 1);  // an update of lr times the sign of the gradient
    const double frozen = (values == start).to(at::kDouble).mean().item<double>();
    // Three standard errors of a share of 262,144.
    CHECK(frozen == Approx(share).margin(0.002));
  }
}

TEST_CASE("bf16 storage is rounded to nearest even", "[train]") {
  OptimizerSpec spec = kSpec;
  spec.beta1 = 0;  // the first moment is then the gradient itself
  at::Tensor values = draw(4, 4096).to(at::kBFloat16);
  const at::Tensor gradients = draw(5, 4096).to(at::kBFloat16);
  AdamW pure(spec, values, gradients, 0);
  const at::Tensor before = values.to(at::kFloat);
  pure.update(1e-2, 1);
  const at::Tensor g = gradients.to(at::kFloat);
  const at::Tensor expected = (before - 1e-2 * g / (g.abs() + 1e-8)).to(at::kBFloat16);
  // The textbook's own rounding may fall to the other side of a tie now and then.
  const at::Tensor differ = values != expected;
  CHECK(differ.sum().item<int64_t>() < 8);
  CHECK(at::equal(pure.first_moment(), gradients));
}
