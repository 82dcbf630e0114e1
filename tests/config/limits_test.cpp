// The ends of every range that a job's spec and a model have: the last value inside and the first
// outside, as numbers that stand nowhere in the sources' neighbourhood.

#include <catch2/catch.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "config/assembly_spec.hpp"
#include "config/job_spec.hpp"
#include "config/prices.hpp"
#include "config/probe.hpp"
#include "config/profile.hpp"

namespace repro::config {
namespace {

struct Limits {
  const char* key;
  double least, most;
  bool whole = true;
};

template <typename Spec>
void check_limits(const std::vector<Limits>& all) {
  const auto accepted = [](const char* key, const nlohmann::json& value) {
    try {
      from_json<Spec>({{key, value}}, "x.json");
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  for (const Limits& one : all) {
    CAPTURE(one.key);
    const auto value = [&](double number) {
      return one.whole ? nlohmann::json(static_cast<int64_t>(number)) : nlohmann::json(number);
    };
    const double beyond = one.whole ? 1 : 1e-6 * std::max(1.0, std::abs(one.most));
    CHECK(accepted(one.key, value(one.least)));
    CHECK(accepted(one.key, value(one.most)));
    CHECK_FALSE(accepted(one.key, value(one.least - (one.whole ? 1 : 1e-6))));
    CHECK_FALSE(accepted(one.key, value(one.most + beyond)));
  }
}

// More than zero.
template <typename Spec>
void check_positive(const std::vector<const char*>& keys) {
  for (const char* key : keys) {
    CAPTURE(key);
    CHECK_NOTHROW(from_json<Spec>({{key, 1e-9}}, "x.json"));
    CHECK_THROWS_AS(from_json<Spec>({{key, 0.0}}, "x.json"), Error);
    CHECK_THROWS_AS(from_json<Spec>({{key, 1e31}}, "x.json"), Error);
  }
}

}  // namespace

TEST_CASE("a training's numbers have these limits", "[config]") {
  check_limits<TrainSpec>({{"slice", -1, 100'000},
                           {"part", -1, 100'000},
                           {"steps", 0, 1'000'000'000},
                           {"epochs", 0, 1'000'000},
                           {"first_step", 0, 1'000'000'000},
                           {"batch", 1, 1'000'000},
                           {"sequence", 2, 10'000'000},
                           {"accumulate", 1, 1'000'000},
                           {"threads", 1, 1024},
                           {"seed", 0, 1e15},
                           {"order_seed", 0, 1e15}});
  check_limits<OptimizerSpec>({{"warmup", 0, 1, false},
                               {"end_ratio", 0, 1, false},
                               {"decay", 0, 1, false},
                               {"beta1", 0, 1, false},
                               {"beta2", 0, 1, false},
                               {"weight_decay", 0, 1e15, false},
                               {"clip", 0, 1e15, false}});
  check_positive<OptimizerSpec>({"lr", "epsilon"});
  check_limits<WatchSpec>({{"every", 0, 1'000'000'000}, {"windows", 1, 1e15}});
}

TEST_CASE("the numbers of what is done besides training have these limits", "[config]") {
  check_limits<PrepareSpec>({{"vocabulary", 300, 100'000'000},
                             {"tokenizer_megabytes", 1, 1'000'000},
                             {"max_train_tokens", 0, 1e15}});
  check_limits<ClusterSpec>({{"k", 0, 100'000},
                             {"max_iterations", 1, 1'000'000},
                             {"restarts", 1, 10'000},
                             {"seed", 0, 1e15}});
  check_limits<ClusterSpec>({{"tolerance", 0, 1e15, false}, {"minimum_share", 0, 1, false}});
  check_limits<MeasureSpec>({{"window", 0, 1e15}, {"stride", 0, 1e15}, {"windows", 0, 1e15}});
  check_limits<EvalSpec>({{"batch", 1, 1'000'000}, {"sequence", 2, 10'000'000}});
  check_positive<MergeSpec>({"scale"});
  check_limits<MergeSpec>({{"router_windows", 1, 1'000'000},
                           {"batch", 1, 1'000'000},
                           {"sequence", 2, 10'000'000},
                           {"seed", 0, 1e15},
                           {"order_seed", 0, 1e15},
                           {"threads", 1, 1024}});
  check_limits<MergeSpec>({{"noise", 0, 100, false}});
  check_limits<GrowSpec>({{"before", 1, 100'000}, {"seed", 0, 1e15}, {"threads", 1, 1024}});
  check_limits<GrowSpec>({{"noise", 0, 100, false}, {"drop", 0, 1, false}});
}

TEST_CASE("a model's numbers have these limits", "[config]") {
  check_limits<ModelConfig>({{"vocabulary", 2, 100'000'000},
                             {"width", 1, 1'000'000},
                             {"layers", 1, 10'000},
                             {"heads", 1, 10'000},
                             {"kv_heads", 1, 10'000},
                             {"head_width", 2, 10'000},
                             {"experts", 1, 100'000},
                             {"top_k", 1, 100'000},
                             {"expert_width", 1, 100'000'000},
                             {"shared_width", 0, 100'000'000}});
  check_positive<ModelConfig>({"norm_epsilon", "rope_theta", "init_std"});
  check_limits<RouterConfig>({{"threshold", 0, 1e15, false},
                              {"noise_epsilon", 0, 1e15, false},
                              {"bias_rate", 0, 1, false}});
  check_positive<RouterConfig>({"scale"});
  check_positive<LossConfig>({"weight"});
}

TEST_CASE("a model's size is bounded as a whole", "[config]") {
  ModelConfig model;
  Problems problems;
  model.width = 10'000;
  model.layers = 10'000;
  model.expert_width = 100'000;
  validate(model, {}, problems);
  CHECK_FALSE(problems.any());  // about 1.2e14 parameters
  model.expert_width = 1'000'000;
  validate(model, {}, problems);
  CHECK_THROWS_WITH(problems.throw_if_any(), Catch::Contains("make it smaller"));
  for (const auto& enlarge : std::vector<std::function<void(ModelConfig&)>>{
           [](ModelConfig& m) { m.shared_width = 100'000'000, m.layers = 10'000, m.width = 1000; },
           [](ModelConfig& m) {
             m.heads = 10'000, m.kv_heads = 10'000, m.head_width = 10'000, m.layers = 10'000,
             m.width = 1000;
           },
           [](ModelConfig& m) {
             m.vocabulary = 100'000'000, m.width = 1'000'000, m.layers = 1, m.vocabulary *= 10;
           }}) {
    ModelConfig large;
    enlarge(large);
    Problems of_it;
    validate(large, {}, of_it);
    CHECK(of_it.any());
  }
}

TEST_CASE("what a probe may be asked has these limits", "[config]") {
  check_limits<ProbeEntry>({{"batch", 1, 1e15}, {"sequence", 2, 1e15}, {"accumulate", 1, 1e15}});
  check_limits<ProbeSpec>({{"steps", 1, 1e15}, {"warmup", 0, 1e15}, {"sizes", 1, 1e15}});
  check_limits<ProbeSpec>({{"memory_fraction", 0, 1, false}});
  check_positive<ProbeSpec>({"gemm_seconds", "entry_seconds", "maximum_reach"});
}

}  // namespace repro::config
