#include "measure/parameters.hpp"

#include <catch2/catch.hpp>

#include "models.hpp"

namespace repro::measure {

TEST_CASE("Qwen1.5-MoE-A2.7B with its 60 experts has the published 14.3 billion parameters",
          "[measure]") {
  const Parameters published = count_parameters(qwen(60, 4));
  CHECK(published.full() == 14'315'784'192);
  CHECK(published.active() == 2'689'173'504);
}

TEST_CASE("Qwen with 4 experts counts as the reference does", "[measure]") {
  const Parameters four = count_parameters(qwen());
  CHECK(four.full() == 2'686'420'992);
  CHECK(four.active() == 2'686'420'992);
  CHECK(count_parameters(qwen(4, 2)).active() == 2'271'184'896);
  CHECK(count_parameters(qwen(4, 1)).active() == 2'063'566'848);
  CHECK(four.shared() == 1'855'752'192);
  CHECK(four.experts == 830'472'192);
  CHECK(four.experts / 4 == 207'618'048);
  CHECK(count_parameters(qwen(2, 2)).full() == 2'271'086'592);
}

TEST_CASE("Qwen with one expert has no router", "[measure]") {
  const Parameters submodel = count_parameters(config::one_expert(qwen()));
  CHECK(submodel.full() == 2'063'370'240);
  CHECK(submodel.router == 0);
  const int64_t one_row_gate = 24 * 2048;
  CHECK(submodel.full() + one_row_gate == 2'063'419'392);
}

TEST_CASE("LLaMA-MoE with 4 experts counts as the reference does in all three readings",
          "[measure]") {
  struct Reading {
    int64_t expert_width, top_k, full, active, submodel;
  };
  for (const Reading& reading : {Reading{2752, 2, 6'739'464'704, 4'575'203'840, 3'492'024'320},
                                 Reading{1376, 2, 4'575'203'840, 3'493'073'408, 2'950'959'104},
                                 Reading{688, 4, 3'493'073'408, 3'493'073'408, 2'680'426'496}}) {
    const auto model = llama(reading.expert_width, reading.top_k);
    CAPTURE(reading.expert_width);
    CHECK(count_parameters(model).full() == reading.full);
    CHECK(count_parameters(model).active() == reading.active);
    CHECK(count_parameters(config::one_expert(model)).full() == reading.submodel);
    CHECK(count_parameters(model).router == 1'049'088);
  }
}

TEST_CASE("two LLaMA-MoE experts that keep the dense width are 5504 wide", "[measure]") {
  const auto model = llama(11008 / 2, 2, 2);
  CHECK(count_parameters(model).full() == 6'738'940'032);
  CHECK(count_parameters(config::one_expert(model)).full() == 4'574'154'752);
}

TEST_CASE("the parts of a model sum to the whole", "[measure]") {
  const Parameters count = count_parameters(qwen(60, 4));
  CHECK(count.shared() + count.experts + count.router == count.full());
  CHECK(count.non_embedding() + count.embedding == count.full());
}

TEST_CASE("grouped key and value heads shrink attention and its biases", "[measure]") {
  config::ModelConfig model = qwen();
  const Parameters all_heads = count_parameters(model);
  model.kv_heads = 4;
  const Parameters grouped = count_parameters(model);
  CHECK(all_heads.attention - grouped.attention == 24 * 2048 * 2 * (12 * 128));
  CHECK(all_heads.attention_bias - grouped.attention_bias == 24 * 2 * (12 * 128));
}

}  // namespace repro::measure
