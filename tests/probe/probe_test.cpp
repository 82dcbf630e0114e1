#include "probe/probe.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "config/profile.hpp"
#include "measure/memory.hpp"
#include "probe/size.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::probe;
using nlohmann::json;
using train::tiny_model;

namespace {

config::ProbeEntry paper_entry() {
  config::ProbeEntry entry;
  entry.model = "qwen_moe";
  entry.config.vocabulary = 151936;
  entry.config.width = 2048;
  entry.config.layers = 24;
  entry.config.heads = entry.config.kv_heads = 16;
  entry.config.head_width = 128;
  entry.config.expert_width = 1408;
  entry.config.shared_width = 5632;
  return entry;
}

void quiet(std::string_view, double, double, std::string_view) {}

constexpr int64_t kGigabyte = 1'000'000'000;

ProbeLimits limits(double flops, int64_t gigabytes, double seconds) {
  return {.flops = flops, .memory_bytes = gigabytes * kGigabyte, .seconds = seconds};
}

}  // namespace

TEST_CASE("a machine that holds the paper's model measures the paper's model", "[probe]") {
  config::ProbeSpec spec;
  const ProbeSize size = choose_size(paper_entry(), spec, limits(300e12, 80, 600));
  CHECK(size.name == "paper");
  CHECK(size.entry.config == paper_entry().config);
}

TEST_CASE("too little memory takes sequences, then depth, and says so", "[probe]") {
  config::ProbeSpec spec;
  const ProbeSize size = choose_size(paper_entry(), spec, limits(1e12, 24, 1e9));
  CHECK(size.entry.batch == 1);
  CHECK(size.entry.config.width == 2048);
  CHECK(size.entry.config.layers < 24);
  CHECK(size.name == fmt::format("{} of 24 layers", size.entry.config.layers));
  const auto memory = measure::estimate_memory(size.entry.config, "bf16-mixed", 1024);
  CHECK(measure::fits(memory, 24 * kGigabyte));
  config::ProbeEntry deeper = size.entry;
  deeper.config.layers *= 2;
  CHECK_FALSE(
      measure::fits(measure::estimate_memory(deeper.config, "bf16-mixed", 1024), 24 * kGigabyte));
}

TEST_CASE("too little time takes the width last; too little memory is refused", "[probe]") {
  config::ProbeSpec spec;
  const ProbeSize size = choose_size(paper_entry(), spec, limits(50e9, 24, 30));
  CHECK(size.entry.config.layers == 2);
  CHECK(size.entry.config.width < 2048);
  CHECK_THAT(size.name, Catch::Contains("2 of 24 layers, 1/"));
  CHECK(size.entry.config.head_width == 128);
  CHECK(choose_size(paper_entry(), spec, limits(50e9, 24, 1e-6)).entry.config.width == 64);
  CHECK_THROWS_WITH(choose_size(paper_entry(), spec, limits(50e9, 1e-6, 30)),
                    Catch::Contains("free some and measure again"));
}

TEST_CASE("a model that does not fit is measured in a series of halving sizes", "[probe]") {
  const config::ProbeSpec spec;
  const auto series = choose_series(paper_entry(), spec, limits(500e9, 24, 12));
  REQUIRE(series.size() == 3);
  double seconds = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    seconds += series[i].seconds;
    if (i == 0) continue;
    CHECK(series[i].entry.config.width == series[i - 1].entry.config.width / 2);
    CHECK(series[i].entry.config.layers == series[i - 1].entry.config.layers);
  }
  CHECK(seconds == Approx(12));
  CHECK(series[0].name != series[1].name);
  // Depth first: its halves keep the real shapes.
  const auto deep = choose_series(paper_entry(), spec, limits(1e15, 24, 1e9));
  REQUIRE(deep.size() == 3);
  CHECK(deep[2].entry.config.width == 2048);
  CHECK(deep[2].entry.config.layers < deep[0].entry.config.layers);
  CHECK(choose_series(paper_entry(), spec, limits(300e12, 80, 600)).size() == 1);
}

TEST_CASE("a whole model of another scale is named by it", "[probe]") {
  config::ProbeEntry entry = paper_entry();
  entry.size = "mini";
  const config::ProbeSpec spec;
  CHECK(choose_size(entry, spec, limits(300e12, 80, 600)).name == "mini");
}

TEST_CASE("a shape too large for its time is sliced, and keeps its whole size", "[probe]") {
  config::ProbeSpec spec;
  spec.gemm_seconds = 1e-9;
  spec.entry_seconds = 0.2;
  config::ProbeEntry entry;
  entry.model = "wide";
  entry.config = tiny_model();
  entry.config.vocabulary = 1000;
  entry.batch = 1;
  entry.sequence = 16;
  spec.entries = {entry};
  const json result = run_probe(spec, quiet);
  const auto measured =
      config::from_json<config::Measurement>(result.at("measurement"), "measurement");
  const auto head = std::find_if(measured.gemms.begin(), measured.gemms.end(),
                                 [](const auto& gemm) { return gemm.whole_n == 1000; });
  REQUIRE(head != measured.gemms.end());
  CHECK(head->n == 256);
}

TEST_CASE("a probe measures every shape and step asked for", "[probe]") {
  config::ProbeSpec spec;
  spec.warmup = 1;
  spec.entry_seconds = 0.3;
  spec.gemm_seconds = 0.2;
  config::ProbeEntry full;
  full.model = "tiny";
  full.config = tiny_model();
  full.batch = 2;
  full.sequence = 16;
  config::ProbeEntry one_expert = full;
  one_expert.shape = "one-expert";
  one_expert.config = config::one_expert(one_expert.config);
  spec.entries = {full, one_expert};
  const json result = run_probe(spec, quiet);
  const auto measured =
      config::from_json<config::Measurement>(result.at("measurement"), "measurement");
  CHECK(measured.bandwidth > 1e8);
  REQUIRE(measured.steps.size() == 2);
  CHECK(measured.steps[0].size == "paper");
  CHECK(measured.steps[1].shape == "one-expert");
  CHECK(measured.steps[0].seconds > 0);
  CHECK(measured.steps[0].flops_per_token > measured.steps[1].flops_per_token);
  // 32 rows into: qkv 96 x 32; o, expert up and shared down 32 x 32; expert down 32 x 16; shared up
  // and head 64 x 32. Equal ones once, in two types.
  CHECK(measured.gemms.size() == 2 * 4);
  for (const auto& gemm : measured.gemms) {
    CHECK(gemm.flops > 1e6);
    CHECK(gemm.flops_low <= gemm.flops);
    CHECK(gemm.flops_high >= gemm.flops);
  }
  for (const auto& step : measured.steps) {
    CHECK(step.repeats >= 6);
    CHECK(step.seconds_low <= step.seconds);
    CHECK(step.seconds_high >= step.seconds);
    CHECK(step.seconds_low < step.seconds_high);
  }
  CHECK(measured.certified == measured.reason.empty());
  CHECK(result.at("context").at("cores") >= 1);
}
