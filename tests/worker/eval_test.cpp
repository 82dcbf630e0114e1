#include <ATen/Parallel.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "data/tokens/sampler.hpp"
#include "eval/perplexity.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "worker/jobs_fixture.hpp"

using namespace repro;
using namespace repro::worker;
using nlohmann::json;
using train::Runs;
using train::tiny_model;

namespace {

config::EvalSpec eval_spec() {
  config::EvalSpec spec;
  spec.model = tiny_model();
  spec.batch = 4;
  spec.sequence = 16;
  spec.precision = "fp32";
  spec.measures = {{.name = "unseen", .windows = 6}};
  return spec;
}

// A finished run "weights" that leaves the initial weights of `seed`.
model::Transformer leave_weights(const Runs& runs, const config::ModelConfig& config,
                                 uint64_t seed = 5) {
  model::Transformer model(config, {});
  model.initialise(seed);
  model.values_changed();
  const auto directory = runs.make("train", "weights", json::object(), {}, {});
  model::save_weights(directory.weights_file(), model.parameters());
  Runs::finish(directory, json::object());
  return model;
}

json evaluate_here(const Runs& runs, const config::EvalSpec& spec,
                   const std::string& name = "measured") {
  return do_here(runs, "eval", name, config::to_json(spec),
                 {{"weights", "weights"}, {"corpus", "corpus"}});
}

std::string failure(const Runs& runs, const config::EvalSpec& spec) {
  try {
    evaluate_here(runs, spec, "failing");
  } catch (const Error& error) {
    return error.what();
  }
  return "measured";
}

}  // namespace

TEST_CASE("each measure of a finished model is the loss of its split, window and stride",
          "[worker]") {
  const Runs runs;
  model::Transformer model = leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  spec.measures = {{.name = "unseen", .windows = 6},
                   {.name = "whole", .split = "test"},
                   {.name = "sliding", .split = "test", .window = 24, .stride = 8},
                   {.name = "seen", .split = "train", .windows = 6}};
  const json result = evaluate_here(runs, spec);
  const data::TokenShards valid(runs.path() / "corpus/valid.tokens");
  const data::TokenShards test(runs.path() / "corpus/test.tokens");
  const json& measures = result.at("measures");
  REQUIRE(measures.size() == 4);
  CHECK(measures["unseen"].at("loss") == eval::unseen_loss(model, valid, 16, 6, 4).loss);
  CHECK(measures["unseen"].at("tokens") == 6 * 16);
  CHECK(measures["whole"].at("loss") == eval::sliding_window_loss(model, test, 16, 16, 4).loss);
  CHECK(measures["whole"].at("tokens") == 9 * 41 - 1);
  CHECK(measures["whole"].at("window") == 16);
  CHECK(measures["whole"].at("stride") == 16);
  CHECK(measures["whole"].at("bits_per_byte").get<double>() ==
        Approx(measures["whole"].at("loss").get<double>() * 368 / std::log(2) / (2 * 368))
            .epsilon(1e-12));
  CHECK(measures["sliding"].at("loss") == eval::sliding_window_loss(model, test, 24, 8, 4).loss);
  CHECK(measures["seen"].at("tokens") == 6 * 16);
  CHECK(result.at("parameters") == model.parameter_count());
  CHECK(result.at("corpus_fingerprint") == "f00d");
  CHECK(result.at("expert_load").size() == 2);
  CHECK(result.at("seconds").at("load") > 0);
  CHECK(result.at("seconds").at("eval") > 0);
}

TEST_CASE("the train split is measured in the order of a training with that order seed",
          "[worker]") {
  const Runs runs;
  model::Transformer model = leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  spec.order_seed = 9;
  spec.measures = {{.name = "seen", .split = "train", .windows = 4}};
  const double measured = evaluate_here(runs, spec).at("measures").at("seen").at("loss");
  config::TrainSpec training = train::tiny_spec();
  training.order_seed = 9;
  training.steps = 1;
  const json trained = do_here(runs, "train", "trained", config::to_json(training),
                               {{"corpus", "corpus"}, {"initial", "weights"}});
  // The first batch of 4 windows, of which the sum is rounded to fp32 once on the way.
  CHECK(measured == Approx(trained.at("loss_first").get<double>()).epsilon(1e-6));
  spec.order_seed = 8;
  CHECK(evaluate_here(runs, spec, "other").at("measures").at("seen").at("loss") != measured);
}

TEST_CASE("a model may be read with another routing than it was trained with", "[worker]") {
  const Runs runs;
  leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  const double all = evaluate_here(runs, spec).at("measures").at("unseen").at("loss");
  spec.model.top_k = 1;
  const json sparse = evaluate_here(runs, spec, "sparse");
  CHECK(sparse.at("measures").at("unseen").at("loss") != all);
}

TEST_CASE("two threads measure the same bits as one", "[worker]") {
  const Runs runs;
  leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  spec.precision = "bf16-mixed";
  spec.measures = {{.name = "whole", .split = "train"}, {.name = "ppl", .split = "test"}};
  const json one = evaluate_here(runs, spec);
  spec.threads = 2;
  const json two = evaluate_here(runs, spec, "two");
  at::set_num_threads(1);
  CHECK(one.at("measures") == two.at("measures"));
}

TEST_CASE("weights that do not fit the model are refused by tensor, got and expected", "[worker]") {
  const Runs runs;
  leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  spec.model.expert_width = 24;
  const std::string text = failure(runs, spec);
  INFO(text);
  CHECK(text.find("weights/model.safetensors: tensor 'model.layers.0.mlp.experts.gate_up_proj'") !=
        std::string::npos);
  CHECK(text.find("[4, 32, 32], expected [4, 48, 32]") != std::string::npos);
}

TEST_CASE("an evaluation that cannot be done says why and what to do", "[worker]") {
  const Runs runs;
  leave_weights(runs, tiny_model());
  config::EvalSpec spec = eval_spec();
  spec.measures = {};
  CHECK(failure(runs, spec) == "job 'failing': measures nothing; name a measure or a task");
  spec.measures = {{.name = "ppl"}, {.name = "ppl", .split = "test"}};
  CHECK(failure(runs, spec) == "job 'failing': two measures are called 'ppl'; rename one");
  spec.measures = {{.name = "ppl", .window = 8, .stride = 9}};
  CHECK(failure(runs, spec) == "job 'failing': measure 'ppl': stride = 9 is more than window = 8");
  spec.measures = {{.name = "seen", .split = "train", .stride = 4}};
  CHECK(failure(runs, spec).find("leave out stride") != std::string::npos);
  spec.measures = {{.name = "seen", .split = "train", .window = 5000}};
  CHECK(failure(runs, spec) ==
        "corpus: split 'train' has 4920 token(s), measure 'seen' needs 5001; use a larger corpus");
}
