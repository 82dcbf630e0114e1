#include "train/trainer.hpp"

#include <ATen/Parallel.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "methods/assignment.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;
using nlohmann::json;

namespace {

std::string failure(const Runs& runs, const config::TrainSpec& spec) {
  try {
    train_here(runs, "failing", spec);
  } catch (const Error& error) {
    return error.what();
  }
  return "trained";
}

// In two and in four micro-batches a training is what it is in one.
void check_accumulation(const Runs& runs, config::TrainSpec spec, const std::string& name) {
  spec.steps = 10;
  const auto whole = runs.make_training(name, spec);
  train_here(whole);
  const auto expected = run::read_records(whole.records_file()).steps;
  for (int64_t accumulate : {2, 4}) {
    spec.accumulate = accumulate;
    const auto parts = runs.make_training(fmt::format("{}{}", name, accumulate), spec);
    train_here(parts);
    const auto found = run::read_records(parts.records_file()).steps;
    for (size_t i = 0; i < 10; ++i) {
      INFO(name << " in " << accumulate << " parts, step " << i + 1);
      CHECK(found[i].lm_loss == Approx(expected[i].lm_loss).epsilon(1e-5));
      CHECK(found[i].grad_norm == Approx(expected[i].grad_norm).epsilon(1e-4));
      CHECK(found[i].data_hash == expected[i].data_hash);
    }
  }
}

}  // namespace

TEST_CASE("a training learns, and its result says what its records say", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 60;
  const run::RunDirectory directory = runs.make_training("full", spec);
  const json result = train_here(directory);
  const run::Records records = run::read_records(directory.records_file());

  CHECK(result.at("steps") == 60);
  CHECK(result.at("tokens") == 60 * 4 * 16);
  CHECK(result.at("loss_first").get<double>() == Approx(std::log(64)).margin(0.1));
  CHECK(result.at("loss_first") == records.steps.front().lm_loss);
  CHECK(result.at("loss_last") == records.steps.back().lm_loss);
  CHECK(result.at("loss_last") < 3.4);  // chance is ln 64 = 4.16
  REQUIRE(records.evals.size() == 7);   // every 8 steps
  CHECK(records.evals.back().step == 56);
  CHECK(records.evals.back().tokens == 6 * 16);
  CHECK(records.evals.back().loss < records.evals.front().loss);
  CHECK(result.at("corpus_fingerprint") == "f00d");
  CHECK(result.at("expert_load").size() == 2);
  CHECK(result.at("expert_load")[0].size() == 4);
}

TEST_CASE("a step record counts tokens and keeps balance loss apart from LM loss", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.model.top_k = 2;
  spec.model.losses = {{config::LossKind::switch_balance, 0.01}};
  spec.steps = 3;
  const run::RunDirectory directory = runs.make_training("aux", spec);
  const json result = train_here(directory);
  const auto steps = run::read_records(directory.records_file()).steps;
  CHECK(result.at("loss_first") == steps.front().lm_loss);
  CHECK(result.at("loss_last") == steps.back().lm_loss);
  for (const auto& record : steps) {
    CHECK(record.tokens == record.step * 64);
    // At balance the loss is weight x k; random routing is near it.
    CHECK(record.aux_loss == Approx(0.02).epsilon(0.3));
    CHECK(record.loss == record.lm_loss + record.aux_loss);
  }
}

TEST_CASE("two runs of one job write the same records and the same weights", "[train]") {
  const Runs runs;
  for (const char* precision : {"fp32", "bf16-mixed", "bf16-pure"}) {
    config::TrainSpec spec = tiny_spec();
    spec.precision = precision;
    spec.steps = 6;
    const auto first = runs.make_training(std::string("a") + precision, spec);
    const auto second = runs.make_training(std::string("b") + precision, spec);
    train_here(first);
    train_here(second);
    CHECK(steps_of(first) == steps_of(second));
    CHECK(read_file(first.weights()) == read_file(second.weights()));
    CHECK(read_file(first.weights()) ==
          read_file(first.checkpoints() / "00000006/model.safetensors"));
  }
}

TEST_CASE("every precision trains to nearly the same loss", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 40;
  const auto loss_in = [&](const char* precision) {
    spec.precision = precision;
    const auto directory = runs.make_training(precision, spec);
    train_here(directory);
    return final_loss(directory, 5);
  };
  const double fp32 = loss_in("fp32"), mixed = loss_in("bf16-mixed"), pure = loss_in("bf16-pure");
  // bf16 keeps 8 bits: losses agree to a percent or so, but not exactly.
  CHECK(mixed == Approx(fp32).epsilon(0.02));
  CHECK(pure == Approx(fp32).epsilon(0.1));
  CHECK(mixed != fp32);
  CHECK(pure != mixed);
}

TEST_CASE("accumulated micro-batches train as one big batch does, in fp32", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  check_accumulation(runs, spec, "qwen");
  spec.model = config::as_llama_moe(spec.model);
  spec.model.top_k = 2;    // each token has a noise of its own, whatever micro-batch it is in
  spec.model.losses = {};  // which are not linear in the batch
  check_accumulation(runs, spec, "llama");
}

TEST_CASE("the seed decides the initial weights and the gate noise, not the data", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 2;
  const json quiet = train_here(runs, "quiet", spec);  // a model without noise
  spec.seed = 1;
  CHECK(train_here(runs, "quiet1", spec).at("loss_first") != quiet.at("loss_first"));

  spec.seed = 0;
  spec.model = config::as_llama_moe(spec.model);
  spec.model.top_k = 2;
  const json first = train_here(runs, "first", spec);
  const json first_on =
      train_here(runs.make_training("first_on", spec, 200, {{"initial", "first"}}));
  spec.seed = 1;
  const json other = train_here(runs, "other", spec);
  CHECK(other.at("loss_first") != first.at("loss_first"));
  CHECK(other.at("data_hash") == first.at("data_hash"));
  // From the same weights only the noise differs.
  const json other_on =
      train_here(runs.make_training("other_on", spec, 200, {{"initial", "first"}}));
  CHECK(other_on.at("loss_first") != first_on.at("loss_first"));
}

TEST_CASE("arms with one order seed see the same tokens step by step, others do not", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  const auto full = runs.make_training("full", spec);
  train_here(full);
  config::TrainSpec shorter = spec;
  shorter.steps = 12;
  shorter.seed = 7;
  shorter.optimizer.lr = 1e-4;
  const auto finetune = runs.make_training("finetune", shorter);
  train_here(finetune);
  shorter.order_seed = 1;
  const auto other = runs.make_training("other", shorter);
  train_here(other);
  const auto a = run::read_records(full.records_file()).steps;
  const auto b = run::read_records(finetune.records_file()).steps;
  const auto c = run::read_records(other.records_file()).steps;
  for (size_t i = 0; i < 12; ++i) {
    CHECK(a[i].data_hash == b[i].data_hash);
    CHECK(a[i].data_hash != c[i].data_hash);
  }
}

TEST_CASE("a loss that is not finite stops the run before the update, naming the step", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.optimizer = {.lr = 1e30, .schedule = "constant", .warmup = 0, .clip = 0};
  const std::string text = failure(runs, spec);
  INFO(text);
  CHECK(text.find("failing: step 2: loss") != std::string::npos);
  CHECK(text.find("not finite; stopped before the update") != std::string::npos);
  const run::RunDirectory directory(runs.path() / "failing");
  CHECK(run::read_records(directory.records_file()).steps.size() == 1);
  CHECK(read_file(directory.mlperf_file()).find("\"aborted\"") != std::string::npos);
}

TEST_CASE("a gradient that is not finite stops the run though the loss is", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  // At 0 the norm's slope is 1 / sqrt(epsilon), layer by layer: 1e19 to the power of five.
  spec.model.norm_epsilon = 1e-38;
  model::Transformer model(spec.model, {});
  model.initialise(0);
  for (model::Parameter& parameter : model.parameters())
    if (parameter.name == "model.embed_tokens.weight") parameter.value.zero_();
  const auto zero = runs.make("merge", "zero", json::object(), {}, {});
  model::save_weights(zero.weights_file(), model.parameters());
  Runs::finish(zero, json::object());
  const auto directory = runs.make_training("steep", spec, 200, {{"initial", "zero"}});
  CHECK_THROWS_WITH(train_here(directory),
                    Catch::Contains("steep: step 1: loss 4.158883") &&
                        Catch::Contains("not finite; stopped before the update"));
}

TEST_CASE("the kinds of time sum to the wall time", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 100;
  const std::atomic<bool> never = false;
  // Share of the wall time: the least of some runs, as others use the machine too.
  constexpr double kMost = 0.01;
  double left_out = 1;
  for (int run = 0; run < 10 && left_out >= kMost; ++run) {
    const auto directory = runs.make_training(fmt::format("clocks{}", run), spec, 20);
    const run::OpenedJob job = run::open_job(directory);
    const auto start = std::chrono::steady_clock::now();
    const json clocks = repro::train::train(job, directory, never).at("clocks");
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const double sum = clocks.at("train").get<double>() + clocks.at("eval").get<double>() +
                       clocks.at("checkpoint").get<double>() + clocks.at("other").get<double>();
    CHECK(clocks.at("wall").get<double>() == Approx(sum).epsilon(1e-12));
    CHECK(sum <= wall.count());
    for (const char* kind : {"train", "eval", "checkpoint", "other"}) CHECK(clocks.at(kind) > 0);
    left_out = std::min(left_out, 1 - sum / wall.count());
  }
  // The clocks end before the result is written and the model freed: some ms of half a second.
  CHECK(left_out < kMost);
}

TEST_CASE("a one-expert model trains on its part's documents from its slice of the start",
          "[train]") {
  const Runs runs;
  const auto assigned = runs.make("cluster", "assigned", json::object(), {}, {});
  methods::Assignment assignment{4, std::vector<uint16_t>(120, 0)};
  for (size_t i = 0; i < 30; ++i) assignment.cluster[i * 4 + 1] = 2;
  methods::write_assignment(assigned.path() / methods::kAssignmentFile, assignment);
  Runs::finish(assigned, json::object());

  config::TrainSpec spec = tiny_spec();
  spec.model = config::one_expert(spec.model);
  spec.slice = spec.part = 2;
  spec.steps = 0;
  spec.epochs = 2;
  const auto directory = runs.make_training("slice", spec, 200, {{"assignment", "assigned"}});
  const json result = train_here(directory);
  // 30 documents of 41 tokens make 76 windows of 16, so 19 steps of 4 an epoch.
  CHECK(result.at("steps") == 38);
  CHECK(result.at("epochs") == 2.0);
  CHECK(result.at("parameters") == model::Transformer(spec.model, {}).parameter_count());
  spec.slice = 3;  // other experts, the same documents
  const json other =
      train_here(runs.make_training("other", spec, 200, {{"assignment", "assigned"}}));
  CHECK(other.at("data_hash") == result.at("data_hash"));
  CHECK(other.at("loss_first") != result.at("loss_first"));

  spec.slice = 0;
  const json lowest =
      train_here(runs.make_training("lowest", spec, 200, {{"assignment", "assigned"}}));
  CHECK(lowest.at("loss_first") != result.at("loss_first"));
  CHECK(lowest.at("loss_first") != other.at("loss_first"));

  spec.part = 1;
  runs.make_training("empty", spec, 200, {{"assignment", "assigned"}});
  CHECK_THROWS_WITH(train_here(run::RunDirectory(runs.path() / "empty")),
                    Catch::Contains("part 1 has no documents"));
}

TEST_CASE("an assignment of another corpus is refused", "[train]") {
  const Runs runs;
  for (const size_t documents : {119, 121}) {
    const std::string name = fmt::format("of{}", documents);
    const auto assigned = runs.make("cluster", name, json::object(), {}, {});
    methods::write_assignment(assigned.path() / methods::kAssignmentFile,
                              {4, std::vector<uint16_t>(documents, 0)});
    Runs::finish(assigned, json::object());
    config::TrainSpec spec = tiny_spec();
    spec.part = 0;
    const auto training = runs.make_training("with_" + name, spec, 200, {{"assignment", name}});
    CHECK_THROWS_WITH(
        train_here(training),
        Catch::Contains(fmt::format("{} documents, but the corpus has 120", documents)));
  }
}

TEST_CASE("another run's weights are where a training starts", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 1;
  model::Transformer model(spec.model, {});
  model.initialise(99);
  const auto merge = runs.make("merge", "merge", json::object(), {}, {});
  model::save_weights(merge.weights_file(), model.parameters());
  Runs::finish(merge, json::object());
  const json merged = train_here(runs.make_training("finetune", spec, 200, {{"initial", "merge"}}));
  spec.seed = 99;
  const json initialised = train_here(runs, "full", spec);
  CHECK(merged.at("loss_first") == initialised.at("loss_first"));
}

TEST_CASE("a later stage sees what the stage before it has not, with a schedule of its own",
          "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.model = config::as_llama_moe(spec.model);  // its gate noise goes on too
  spec.model.top_k = 2;
  spec.optimizer = {.schedule = "constant", .warmup = 0, .weight_decay = 0, .beta1 = 0};
  spec.steps = 8;
  const auto whole = runs.make_training("whole", spec);
  train_here(whole);
  spec.steps = 5;
  const auto first = runs.make_training("first", spec);
  train_here(first);
  spec.first_step = 5;
  spec.steps = 3;
  const auto second = runs.make_training("second", spec, 200, {{"initial", "first"}});
  const json result = train_here(second);
  CHECK(result.at("steps") == 3);
  const auto expected = run::read_records(whole.records_file()).steps;
  const auto found = run::read_records(second.records_file()).steps;
  REQUIRE(found.size() == 3);
  CHECK(found[0].step == 1);
  // Equal weights, tokens and noise give an equal loss; the optimizer then starts afresh.
  CHECK(found[0].lm_loss == expected[5].lm_loss);
  CHECK(found[0].loss == expected[5].loss);
  CHECK(found[1].lm_loss != expected[6].lm_loss);
}

TEST_CASE("two threads train to the same bits as one", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.model = config::as_llama_moe(spec.model);
  spec.model.top_k = 2;
  spec.precision = "bf16-mixed";
  spec.batch = 16;
  spec.sequence = 64;  // enough rows for both threads
  const auto one = runs.make_training("one", spec);
  train_here(one);
  spec.threads = 2;
  const auto two = runs.make_training("two", spec);
  train_here(two);
  CHECK(at::get_num_threads() == 2);
  at::set_num_threads(1);
  CHECK(steps_of(one) == steps_of(two));
  CHECK(evals_of(one) == evals_of(two));
  CHECK(read_file(one.weights()) == read_file(two.weights()));
}

TEST_CASE("a training that cannot start says why and what to do", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.accumulate = 3;
  CHECK(failure(runs, spec) == "job 'failing': batch = 4 is not a multiple of accumulate = 3");
  spec = tiny_spec();
  spec.steps = 0;
  CHECK(failure(runs, spec) == "job 'failing': steps and epochs are both 0; set one");
  spec = tiny_spec();
  spec.part = 0;
  CHECK(failure(runs, spec) ==
        "job 'failing': has no input 'assignment'; start it through `repro run`");
}

TEST_CASE("mlperf.log holds each required key once and its JSON parses", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  const auto directory = runs.make_training("log", spec);
  train_here(directory);
  std::map<std::string, int> seen;
  std::ifstream file(directory.mlperf_file());
  for (std::string line; std::getline(file, line);) {
    REQUIRE(line.rfind(":::MLLOG ", 0) == 0);
    const json entry = json::parse(line.substr(9));
    ++seen[entry.at("key")];
    CHECK(entry.at("time_ms").is_number_integer());
    CHECK(entry.at("metadata").at("file").is_string());
    CHECK(entry.at("metadata").at("lineno").is_number());
  }
  for (const char* key : {"submission_org",
                          "submission_platform",
                          "submission_division",
                          "submission_benchmark",
                          "init_start",
                          "init_stop",
                          "run_start",
                          "run_stop",
                          "train_samples",
                          "eval_samples",
                          "global_batch_size",
                          "gradient_accumulation_steps",
                          "max_sequence_length",
                          "seed",
                          "opt_name",
                          "opt_base_learning_rate",
                          "opt_end_learning_rate",
                          "opt_learning_rate_warmup_steps",
                          "opt_learning_rate_decay_steps",
                          "opt_learning_rate_decay_schedule",
                          "opt_adamw_beta_1",
                          "opt_adamw_beta_2",
                          "opt_adamw_epsilon",
                          "opt_adamw_weight_decay",
                          "opt_gradient_clip_norm",
                          "max_steps"})
    CHECK(seen[key] == 1);
  for (const char* key : {"cache_clear", "block_start", "block_stop"}) CHECK(seen[key] >= 1);
  CHECK(seen["eval_start"] == 2);  // after steps 8 and 16 of 20
  CHECK(seen["eval_stop"] == 2);
  CHECK(seen["eval_accuracy"] == 2);

  spec.watch.every = 0;
  const auto unwatched = runs.make_training("unwatched", spec);
  train_here(unwatched);
  const std::string log = read_file(unwatched.mlperf_file());
  CHECK(log.find("eval_start") == std::string::npos);
  CHECK(log.find("\"key\":\"eval_samples\",\"value\":0") != std::string::npos);
  CHECK(log.find("\"success\"") != std::string::npos);
}
