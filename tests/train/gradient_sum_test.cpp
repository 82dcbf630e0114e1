#include "train/gradient_sum.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include <catch2/catch.hpp>

#include "published_models.hpp"
#include "train/ranks_fixture.hpp"

using namespace repro;
using namespace repro::train;

namespace {

struct Summed {
  at::Tensor gradients;
  std::vector<size_t> stages;  // that were done while the pass went on
};

// The gradients of two steps, of other tokens with each rank: summed beside the pass, or after it.
Summed summed(const config::ModelConfig& config, const char* precision, Ranks& ranks, bool beside,
              int64_t least = 1) {
  model::Transformer model(config, {.precision = model::parse_precision(precision)});
  model.initialise(1);
  model.values_changed();
  GradientSum summing(model, ranks, least);
  Summed result;
  for (int step = 0; step < 2; ++step) {
    model.zero_gradients();
    const at::Tensor tokens = at::arange(18)
                                  .mul(5 + 2 * ranks.rank() + 4 * step)
                                  .remainder(config.vocabulary)
                                  .view({2, 9});
    const model::StageDone begin = beside ? summing.beginning() : model::StageDone{};
    const auto told = [&](size_t stage) {
      result.stages.push_back(stage);
      if (begin) begin(stage);
    };
    model.forward(tokens, /*training=*/true, {}, told).total.backward();
    if (beside)
      summing.finish();
    else
      ranks.sum(model.flat_gradients());
  }
  result.gradients = model.flat_gradients().clone();
  return result;
}

}  // namespace

TEST_CASE("a sum beside the backward pass has the bits of one after it", "[train]") {
  const OverSockets sockets;
  const auto config = config::as_llama_moe(tiny_model());
  for (const char* precision : {"fp32", "bf16-mixed", "bf16-pure"})
    side_by_side(2, 60, [&](Ranks& ranks) {
      const Summed beside = summed(config, precision, ranks, true);
      const Summed after = summed(config, precision, ranks, false);
      check(beside.stages == std::vector<size_t>{0, 1, 2, 0, 1, 2}, "begun as they are done");
      check(at::equal(beside.gradients, after.gradients), "the same bits");
      // Small pieces wait for the end, here some and all of them.
      for (const int64_t least : {2'000, 1'000'000})
        check(at::equal(summed(config, precision, ranks, true, least).gradients, after.gradients),
              "whatever waits");
      check(beside.gradients.abs().sum().item<double>() > 0, "of something");
    });
}

TEST_CASE("ranks that share memory have nothing to begin, and their sum is the same", "[train]") {
  const auto config = tiny_model();
  side_by_side(2, 60, [&](Ranks& ranks) {
    model::Transformer model(config, {});
    const bool shared = ranks.keep_shared(model.flat_gradients());
    GradientSum summing(model, ranks);
    check(!shared || !summing.beginning(), "nothing begins before the end");
    model.flat_gradients().fill_(1 + static_cast<double>(ranks.rank()));
    summing.finish();
    check(model.flat_gradients().eq(3).all().item<bool>(), "1 + 2");
  });
  Ranks alone;
  model::Transformer model(config, {});
  GradientSum nothing(model, alone);
  CHECK_FALSE(nothing.beginning());
  model.flat_gradients().fill_(2);
  nothing.finish();
  CHECK(model.flat_gradients().eq(2).all().item<bool>());
}

TEST_CASE("a rank that is lost amid sums that were begun is said at their end", "[train]") {
  const OverSockets sockets;
  CHECK_THROWS_AS(side_by_side(2, 3,
                               [&](Ranks& ranks) {
                                 const at::Tensor numbers = at::ones({1000});
                                 if (!ranks.first()) return;  // and leaves the group
                                 ranks.begin_sum(numbers);
                                 ranks.begin_sum(numbers);
                                 ranks.end_sums();
                               }),
                  RankLost);
}
