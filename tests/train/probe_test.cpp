#include "train/probe.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "config/profile.hpp"
#include "measure/memory.hpp"
#include "train/probe_size.hpp"
#include "train/timing.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;
using nlohmann::json;

namespace {

config::ProbePhase paper_phase() {
  config::ProbePhase phase;
  phase.model = "qwen_moe";
  phase.config.vocabulary = 151936;
  phase.config.width = 2048;
  phase.config.layers = 24;
  phase.config.heads = phase.config.kv_heads = 16;
  phase.config.head_width = 128;
  phase.config.expert_width = 1408;
  phase.config.shared_width = 5632;
  return phase;
}

constexpr int64_t kGigabyte = 1'000'000'000;

}  // namespace

TEST_CASE("a timing is its median, and its spread the middle four fifths of the rest", "[train]") {
  const Timing timing = timing_of({5, 1, 2, 4, 3, 6, 7, 8, 9, 10, 11});
  CHECK(timing.median == 6);
  CHECK(timing.relative_spread == Approx((10.0 - 2.0) / 6));
  CHECK(timing_of({2}).relative_spread == 0);
  CHECK(timing_of({1, 2}).median == 1.5);
}

TEST_CASE("only a machine that is quiet, steady and cool is certified", "[train]") {
  CHECK(why_not_certified(0.1, 1, 2, 0.05, 0.15, 1.0).empty());
  CHECK(why_not_certified(1.4, 1, 2, 0.05, 0.15, 1.0).empty());
  CHECK_THAT(why_not_certified(1.6, 1, 2, 0.05, 0.15, 1.0), Catch::Contains("load 1.6"));
  CHECK_THAT(why_not_certified(0.6, 2, 2, 0.05, 0.15, 1.0), Catch::Contains("2 thread(s)"));
  CHECK_THAT(why_not_certified(0.1, 1, 2, 0.2, 0.15, 1.0), Catch::Contains("spread by 20 %"));
  CHECK_THAT(why_not_certified(0.1, 1, 2, 0.05, 0.15, 0.8), Catch::Contains("fell to 80 %"));
}

TEST_CASE("a machine that holds the paper's model measures the paper's model", "[train]") {
  config::ProbeSpec spec;
  spec.phase_seconds = 600;
  const ProbeSize size = choose_size(paper_phase(), spec, 300e12, 80 * kGigabyte);
  CHECK(size.name == "paper");
  CHECK(size.phase.config == paper_phase().config);
}

TEST_CASE("too little memory takes sequences, then depth, and says so", "[train]") {
  config::ProbeSpec spec;
  spec.phase_seconds = 1e9;
  const ProbeSize size = choose_size(paper_phase(), spec, 1e12, 24 * kGigabyte);
  CHECK(size.phase.batch == 1);
  CHECK(size.phase.config.width == 2048);
  CHECK(size.phase.config.layers < 24);
  CHECK(size.name == fmt::format("{} of 24 layers", size.phase.config.layers));
  const auto memory = measure::estimate_memory(size.phase.config, "bf16-mixed", 1024);
  CHECK(measure::fits(memory, 24 * kGigabyte));
  config::ProbePhase deeper = size.phase;
  deeper.config.layers *= 2;
  CHECK_FALSE(
      measure::fits(measure::estimate_memory(deeper.config, "bf16-mixed", 1024), 24 * kGigabyte));
}

TEST_CASE("too little time takes the width last, and a hopeless case is refused", "[train]") {
  config::ProbeSpec spec;
  spec.phase_seconds = 30;
  const ProbeSize size = choose_size(paper_phase(), spec, 50e9, 24 * kGigabyte);
  CHECK(size.phase.config.layers == 2);
  CHECK(size.phase.config.width < 2048);
  CHECK_THAT(size.name, Catch::Contains("2 of 24 layers, 1/"));
  CHECK(size.phase.config.head_width == 128);
  spec.phase_seconds = 1e-6;
  CHECK_THROWS_WITH(choose_size(paper_phase(), spec, 50e9, 24 * kGigabyte),
                    Catch::Contains("raise phase_seconds"));
}

TEST_CASE("a probe measures every shape and phase asked for", "[train]") {
  const Runs runs;
  config::ProbeSpec spec;
  spec.steps = 3;
  spec.warmup = 1;
  spec.gemm_repeats = 3;
  config::ProbePhase full;
  full.model = "tiny";
  full.config = tiny_model();
  full.batch = 2;
  full.sequence = 16;
  config::ProbePhase submodel = full;
  submodel.phase = "submodel";
  submodel.config = config::submodel_of(full.config);
  spec.phases = {full, submodel};
  const auto directory = runs.make("probe", "probe", config::to_json(spec), {}, {});
  const json result = run_probe(run::open_job(directory),
                                [](std::string_view, double, double, std::string_view) {});
  const auto measured =
      config::from_json<config::Measurement>(result.at("measurement"), "measurement");
  CHECK(measured.bandwidth > 1e8);
  REQUIRE(measured.steps.size() == 2);
  CHECK(measured.steps[0].size == "paper");
  CHECK(measured.steps[1].phase == "submodel");
  CHECK(measured.steps[0].seconds > 0);
  CHECK(measured.steps[0].flops_per_token > measured.steps[1].flops_per_token);
  // 32 rows into: qkv 96 x 32; o, expert up and shared down 32 x 32; expert down 32 x 16; shared up
  // and head 64 x 32. Equal ones once, in two types.
  CHECK(measured.gemms.size() == 2 * 4);
  for (const auto& gemm : measured.gemms) CHECK(gemm.flops > 1e6);
  CHECK(measured.certified == measured.reason.empty());
  CHECK(result.at("context").at("cores") >= 1);
}
