#include "measure/memory.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "measure/parameters.hpp"
#include "models.hpp"

namespace repro::measure {

TEST_CASE("optimizer state is parameters times 8, 12 or 16 bytes", "[measure]") {
  struct Row {
    config::ModelConfig model;
    double gb_8, gb_12, gb_16;
  };
  const std::vector<Row> rows = {{config::one_expert(qwen()), 16.51, 24.76, 33.01},
                                 {config::one_expert(llama(688, 4)), 21.44, 32.17, 42.89},
                                 {config::one_expert(llama(1376, 2)), 23.61, 35.41, 47.22},
                                 {config::one_expert(llama(2752, 2)), 27.94, 41.90, 55.87}};
  for (const Row& row : rows) {
    const auto parameters = static_cast<double>(count_parameters(row.model).full());
    const auto gb = [&](StateLayout layout) {
      return parameters * static_cast<double>(bytes_per_parameter(layout)) / 1e9;
    };
    CHECK(gb(StateLayout::bytes_8) == Approx(row.gb_8).margin(0.005));
    CHECK(gb(StateLayout::bytes_12) == Approx(row.gb_12).margin(0.005));
    CHECK(gb(StateLayout::bytes_16) == Approx(row.gb_16).margin(0.005));
  }
}

TEST_CASE("fp32 and mixed precision keep 16 bytes a parameter, pure bf16 keeps 8", "[measure]") {
  CHECK(bytes_per_parameter(layout_of_precision("fp32")) == 16);
  CHECK(bytes_per_parameter(layout_of_precision("bf16-mixed")) == 16);
  CHECK(bytes_per_parameter(layout_of_precision("bf16-pure")) == 8);
  CHECK_THROWS_AS(layout_of_precision("fp8"), Error);
}

TEST_CASE("one copy of Qwen's fp32 logits for 16 x 1024 tokens takes 9.96 GB", "[measure]") {
  const MemoryEstimate estimate = estimate_memory(qwen(), "bf16-mixed", 16 * 1024);
  CHECK(static_cast<double>(estimate.logits_bytes) / 2e9 == Approx(9.96).margin(0.005));
}

TEST_CASE("micro-batches shrink activations and logits but not the state", "[measure]") {
  const MemoryEstimate whole = estimate_memory(qwen(), "bf16-mixed", 16 * 1024);
  const MemoryEstimate quarter = estimate_memory(qwen(), "bf16-mixed", 4 * 1024);
  CHECK(quarter.state_bytes == whole.state_bytes);
  CHECK(quarter.activation_bytes * 4 == whole.activation_bytes);
  CHECK(quarter.logits_bytes * 4 == whole.logits_bytes);
  CHECK(estimate_memory(qwen(), "fp32", 4 * 1024).activation_bytes == 2 * quarter.activation_bytes);
}

TEST_CASE("devices that share the moments keep their part of these and all of the rest",
          "[measure]") {
  CHECK(state_bytes(1000, StateLayout::bytes_16) == 16'000);
  CHECK(state_bytes(1000, StateLayout::bytes_16, 4) == 8 * 1000 + 8 * 250);
  CHECK(state_bytes(1000, StateLayout::bytes_12, 3) == 4 * 1000 + 8 * 334);  // the largest part
  CHECK(state_bytes(1000, StateLayout::bytes_8, 2) == 4 * 1000 + 4 * 500);
  const MemoryEstimate alone = estimate_memory(qwen(), "bf16-mixed", 1024);
  const MemoryEstimate shared = estimate_memory(qwen(), "bf16-mixed", 1024, 4);
  CHECK(shared.state_bytes * 16 == alone.state_bytes * 10);
  CHECK(shared.activation_bytes == alone.activation_bytes);
}

TEST_CASE("a model fits a device that holds exactly its total", "[measure]") {
  const MemoryEstimate estimate = estimate_memory(llama(688, 4), "bf16-pure", 1024);
  CHECK(fits(estimate, estimate.total()));
  CHECK_FALSE(fits(estimate, estimate.total() - 1));
}

TEST_CASE("activations are counted layer by layer, for what each part keeps", "[measure]") {
  config::ModelConfig model;
  model.vocabulary = 1000;
  model.width = 10;
  model.layers = 2;
  model.heads = model.kv_heads = 3;
  model.head_width = 4;
  model.experts = 5;
  model.top_k = 2;
  model.expert_width = 7;
  model.shared_width = 6;
  // A layer: 8 x 10 + 4 x 3 x 4 + 2 x (3 x 7 + 10) + 3 x 6 = 208 numbers a token.
  const MemoryEstimate estimate = estimate_memory(model, "bf16-mixed", 100);
  CHECK(estimate.activation_bytes == 100 * 2 * 208 * 2);
  CHECK(estimate_memory(model, "fp32", 100).activation_bytes == 100 * 2 * 208 * 4);
  CHECK(estimate.logits_bytes == 2 * 100 * 1000 * 4);
  CHECK(estimate.state_bytes == 16 * count_parameters(model).full());
  CHECK(estimate.total() ==
        estimate.state_bytes + estimate.activation_bytes + estimate.logits_bytes);
}

}  // namespace repro::measure
