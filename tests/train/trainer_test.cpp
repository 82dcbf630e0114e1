#include "train/trainer.hpp"

#include "model/transformer.hpp"  // before Catch2: both define CHECK

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <fstream>

#include "base/error.hpp"
#include "methods/assignment.hpp"
#include "model/weights.hpp"
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
  CHECK(result.at("final_loss") < 3.4);  // chance is ln 64 = 4.16
  double sum = 0;
  for (size_t i = 55; i < 60; ++i) sum += records.steps[i].lm_loss;
  CHECK(result.at("final_loss") == sum / 5);
  CHECK(result.at("final_loss_window") == 5);

  REQUIRE(records.evals.size() == 8);  // every 8 steps, and at the end
  CHECK(records.evals.back().step == 60);
  CHECK(result.at("heldout").at("loss") == records.evals.back().loss);
  CHECK(result.at("heldout").at("tokens") == 6 * 16);
  const json& ppl = result.at("ppl");
  CHECK(ppl.at("tokens") == 9 * 41 - 1);
  CHECK(ppl.at("value").get<double>() == std::exp(ppl.at("loss").get<double>()));
  CHECK(ppl.at("bits_per_byte").get<double>() ==
        Approx(ppl.at("loss").get<double>() * 368 / std::log(2) / 900).epsilon(1e-12));
  CHECK(result.at("corpus_fingerprint") == "f00d");
  CHECK(result.at("expert_load").size() == 2);
  CHECK(result.at("expert_load")[0].size() == 4);
}

TEST_CASE("a step record counts tokens and keeps balance loss apart from LM loss", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.model.top_k = 2;
  spec.model.aux_loss_weight = 0.01;
  spec.steps = 3;
  const run::RunDirectory directory = runs.make_training("aux", spec);
  train_here(directory);
  for (const auto& record : run::read_records(directory.records_file()).steps) {
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
    CHECK(read_file(first.checkpoints() / "00000006/model.safetensors") ==
          read_file(second.checkpoints() / "00000006/model.safetensors"));
  }
}

TEST_CASE("every precision trains to nearly the same loss", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 40;
  const double fp32 = train_here(runs, "fp32", spec).at("final_loss");
  spec.precision = "bf16-mixed";
  const double mixed = train_here(runs, "mixed", spec).at("final_loss");
  spec.precision = "bf16-pure";
  const double pure = train_here(runs, "pure", spec).at("final_loss");
  // bf16 keeps 8 bits: losses agree to a percent or so, but not exactly.
  CHECK(mixed == Approx(fp32).epsilon(0.02));
  CHECK(pure == Approx(fp32).epsilon(0.1));
  CHECK(mixed != fp32);
  CHECK(pure != mixed);
}

TEST_CASE("accumulated micro-batches train as one big batch does, in fp32", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 10;
  const auto whole = runs.make_training("whole", spec);
  train_here(whole);
  for (int64_t accumulate : {2, 4}) {
    spec.accumulate = accumulate;
    const auto parts = runs.make_training(fmt::format("parts{}", accumulate), spec);
    train_here(parts);
    const auto expected = run::read_records(whole.records_file()).steps;
    const auto found = run::read_records(parts.records_file()).steps;
    for (size_t i = 0; i < 10; ++i) {
      CHECK(found[i].lm_loss == Approx(expected[i].lm_loss).epsilon(1e-5));
      CHECK(found[i].grad_norm == Approx(expected[i].grad_norm).epsilon(1e-4));
      CHECK(found[i].data_hash == expected[i].data_hash);
    }
  }
}

TEST_CASE("arms with one order seed see the same tokens step by step, others do not", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  const auto full = runs.make_training("full", spec);
  train_here(full);
  config::TrainSpec shorter = spec;
  shorter.phase = "finetune";
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

TEST_CASE("the kinds of time sum to the wall time", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 100;
  const auto directory = runs.make_training("clocks", spec, 20);
  const std::atomic<bool> never = false;
  const run::OpenedJob job = run::open_job(directory);
  const auto start = std::chrono::steady_clock::now();
  const json clocks = repro::train::train(job, directory, never).at("clocks");
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const double sum = clocks.at("train").get<double>() + clocks.at("eval").get<double>() +
                     clocks.at("checkpoint").get<double>() + clocks.at("other").get<double>();
  CHECK(clocks.at("wall").get<double>() == Approx(sum).epsilon(1e-12));
  CHECK(sum <= wall.count());
  // The clocks end before the summary is made and the model freed.
  CHECK(sum == Approx(wall.count()).epsilon(0.01).margin(0.01));
  for (const char* kind : {"train", "eval", "checkpoint", "other"}) CHECK(clocks.at(kind) > 0);
}

TEST_CASE("a submodel trains on its cluster's documents from its slice of the start", "[train]") {
  const Runs runs;
  const auto clusters = runs.make("cluster", "clusters", json::object(), {}, {});
  methods::Assignment assignment{4, std::vector<uint16_t>(120, 0)};
  for (size_t i = 0; i < 30; ++i) assignment.cluster[i * 4 + 1] = 2;
  methods::write_assignment(clusters.path() / methods::kAssignmentFile, assignment);
  Runs::finish(clusters, json::object());

  config::TrainSpec spec = tiny_spec();
  spec.phase = "submodel";
  spec.cluster = 2;
  spec.steps = 0;
  spec.epochs = 2;
  const auto directory = runs.make_training("submodel", spec, 200, {{"clusters", "clusters"}});
  const json result = train_here(directory);
  // 30 documents of 41 tokens make 76 windows of 16, so 19 steps of 4 an epoch.
  CHECK(result.at("steps") == 38);
  model::Transformer full(spec.model, {}), submodel(config::submodel_of(spec.model), {});
  full.initialise(0);
  CHECK(result.at("parameters") == submodel.parameter_count());
  CHECK(result.at("parameters") < full.parameter_count());

  spec.cluster = 1;
  runs.make_training("empty", spec, 200, {{"clusters", "clusters"}});
  CHECK_THROWS_WITH(train_here(run::RunDirectory(runs.path() / "empty")),
                    Catch::Contains("cluster 1 has no documents"));
}

TEST_CASE("merged weights are where fine-tuning starts", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 1;
  model::Transformer model(spec.model, {});
  model.initialise(99);
  const auto merge = runs.make("merge", "merge", json::object(), {}, {});
  model::save_weights(merge.path() / "model.safetensors", model.parameters());
  Runs::finish(merge, json::object());
  const json merged = train_here(runs.make_training("finetune", spec, 200, {{"initial", "merge"}}));
  spec.seed = 99;
  const json initialised = train_here(runs, "full", spec);
  CHECK(merged.at("loss_first") == initialised.at("loss_first"));
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
  spec.cluster = 0;
  CHECK(failure(runs, spec) ==
        "job 'failing': has no input 'clusters'; start it through `repro run`");
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
  CHECK(seen["eval_start"] == 3);
  CHECK(seen["eval_accuracy"] == 3);
}
