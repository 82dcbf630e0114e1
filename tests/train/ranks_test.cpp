#include "train/ranks.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/from_blob.h>

#include <catch2/catch.hpp>
#include <mutex>

#include "base/error.hpp"
#include "model/transformer.hpp"
#include "model/weights.hpp"
#include "published_models.hpp"
#include "train/checkpoint.hpp"
#include "train/optimizer.hpp"
#include "train/ranks_fixture.hpp"
#include "train/schedule.hpp"
#include "train/training_data.hpp"

using namespace repro;
using namespace repro::train;
using nlohmann::json;

namespace {

config::TrainSpec noisy_spec() {
  config::TrainSpec spec = tiny_spec();
  spec.model = config::as_llama_moe(spec.model);
  spec.model.top_k = 2;
  spec.model.losses = {};  // which are not linear in the batch
  return spec;
}

// Of each rank, other numbers of different sizes.
at::Tensor numbers_of(int64_t rank, at::ScalarType type) {
  at::Tensor numbers = at::empty({100'003}, at::kFloat);
  float* out = numbers.mutable_data_ptr<float>();
  for (int64_t i = 0; i < numbers.numel(); ++i)
    out[i] =
        static_cast<float>(random_normal(7, static_cast<uint64_t>(rank), static_cast<uint64_t>(i)) *
                           static_cast<double>(1 + 3 * rank));
  return numbers.to(type);
}

// What each of `ranks` holds after a sum.
std::vector<at::Tensor> sums_of(int64_t ranks, at::ScalarType type) {
  std::vector<at::Tensor> sums(static_cast<size_t>(ranks));
  side_by_side(ranks, 60, [&](Ranks& group) {
    at::Tensor& mine = sums[static_cast<size_t>(group.rank())];
    mine = numbers_of(group.rank(), type);
    group.sum(mine);
  });
  return sums;
}

// Every step by hand in one process: each rank's rows have their gradient from zero, then all are
// added in the ranks' order. Leaves the losses by step and the final values.
struct ByHand {
  std::vector<double> losses, norms;
  at::Tensor values;
};
ByHand train_by_hand(const config::TrainSpec& spec, const run::OpenedJob& job) {
  const TrainingData data = open_training_data(spec, job);
  model::Transformer model(spec.model, {.precision = model::parse_precision(spec.precision)});
  model.initialise(static_cast<uint64_t>(spec.seed));
  model.values_changed();
  AdamW optimizer(spec.optimizer, model.flat_values(), model.flat_gradients(),
                  model.decayed_count());
  std::vector<int32_t> batch(static_cast<size_t>(spec.batch * (spec.sequence + 1)));
  ByHand by_hand;
  for (int64_t step = 0; step < spec.steps; ++step) {
    data.sampler.batch(step, batch);
    const at::Tensor rows = at::from_blob(batch.data(), {spec.batch, spec.sequence + 1}, at::kInt);
    at::Tensor sum;
    double loss = 0;
    for (int64_t rank = 0; rank < spec.ranks; ++rank) {
      const int64_t first = spec.batch * rank / spec.ranks;
      const int64_t count = spec.batch * (rank + 1) / spec.ranks - first;
      const double share = static_cast<double>(count) / static_cast<double>(spec.batch);
      model.zero_gradients();
      const model::Loss part = model.forward(rows.narrow(0, first, count).to(at::kLong), true,
                                             {.seed = static_cast<uint64_t>(spec.seed),
                                              .step = static_cast<uint64_t>(step),
                                              .first_row = first * spec.sequence});
      part.total.mul(share).backward();
      const at::Tensor gradient = model.flat_gradients().to(at::kFloat, false, /*copy=*/true);
      sum = rank == 0 ? gradient : sum + gradient;
      loss += part.lm * share;
    }
    model.flat_gradients().copy_(sum);
    const double norm = optimizer.gradient_norm();
    optimizer.update(learning_rate(spec.optimizer, step, spec.steps), norm);
    model.values_changed();
    by_hand.losses.push_back(loss);
    by_hand.norms.push_back(norm);
  }
  by_hand.values = model.flat_values().clone();
  return by_hand;
}

at::Tensor values_in(const run::RunDirectory& directory, const config::TrainSpec& spec) {
  model::Transformer model(spec.model, {.precision = model::parse_precision(spec.precision)});
  model::load_weights(directory.weights(), model.parameters());
  return model.flat_values().clone();
}

}  // namespace

TEST_CASE("every rank holds the same sum, and of two ranks it is one addition", "[train]") {
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    const auto two = sums_of(2, type);
    CHECK(at::equal(two[0], two[1]));
    CHECK(at::equal(two[0], numbers_of(0, type) + numbers_of(1, type)));
    const auto three = sums_of(3, type);
    CHECK(at::equal(three[0], three[1]));
    CHECK(at::equal(three[0], three[2]));
    CHECK(at::equal(three[0], sums_of(3, type)[0]));  // in another run
  }
}

TEST_CASE("of a tensor that is kept shared a sum is that of the ranks in their order", "[train]") {
  for (const auto type : {at::kFloat, at::kBFloat16})
    for (int64_t ranks : {2, 3, 4}) {
      at::Tensor expected = numbers_of(0, type).to(at::kFloat);
      for (int64_t rank = 1; rank < ranks; ++rank)
        expected += numbers_of(rank, type).to(at::kFloat);
      std::vector<at::Tensor> sums(static_cast<size_t>(ranks));
      side_by_side(ranks, 60, [&](Ranks& group) {
        const at::Tensor flat = numbers_of(group.rank(), type).clone();
        const at::Tensor view = flat.narrow(0, 50'000, 50'003);
        group.keep_shared(flat);
        check(at::equal(flat, numbers_of(group.rank(), type)), "it keeps what it held");
        for (int again = 0; again < 3; ++again) {
          flat.copy_(numbers_of(group.rank(), type));
          group.sum(flat);
        }
        check(at::equal(view, flat.narrow(0, 50'000, 50'003)), "its views follow");
        sums[static_cast<size_t>(group.rank())] = flat.clone();
      });
      for (const at::Tensor& sum : sums) CHECK(at::equal(sum, expected.to(type)));
    }
}

TEST_CASE("what one rank shares all have, and a process alone keeps what it has", "[train]") {
  side_by_side(3, 60, [](Ranks& group) {
    at::Tensor mine = numbers_of(group.rank(), at::kFloat);
    group.share(mine, 2);
    check(at::equal(mine, numbers_of(2, at::kFloat)), "what rank 2 has");
    check(group.sum({1.0, static_cast<double>(group.rank())}) == std::vector<double>{3.0, 3.0},
          "numbers are summed one by one");
    group.wait_for_all();
    check(group.seconds() > 0, "an exchange takes time");
  });
  Ranks alone;
  CHECK((alone.alone() && alone.first() && alone.count() == 1));
  CHECK(alone.sum({0.1, 2}) == std::vector<double>{0.1, 2});
  CHECK(alone.seconds() == 0);
}

TEST_CASE("a part is in order, leaves nothing out, and is as large as the others but for one",
          "[train]") {
  for (int64_t count : {0, 1, 7, 16, 1'000'003})
    for (int64_t parts : {1, 2, 3, 5, 16}) {
      int64_t next = 0;
      for (int64_t index = 0; index < parts; ++index) {
        const Part part = part_of(count, index, parts);
        CHECK(part.first == next);
        CHECK((part.count == count / parts || part.count == count / parts + 1));
        next = part.end();
      }
      CHECK(next == count);
    }
}

TEST_CASE("ranks end with the bits of one process that adds the same parts of the batch",
          "[train]") {
  const Runs runs;
  for (const char* precision : {"fp32", "bf16-mixed", "bf16-pure"})
    for (int64_t ranks : {2, 3}) {
      config::TrainSpec spec = noisy_spec();
      spec.precision = precision;
      spec.steps = 12;
      spec.batch = 5;
      spec.ranks = ranks;
      const auto directory = runs.make_training(fmt::format("{}-{}", precision, ranks), spec, 5);
      train_by_ranks(directory);
      const ByHand by_hand = train_by_hand(spec, run::open_job(directory));
      const auto steps = run::read_records(directory.records_file()).steps;
      REQUIRE(steps.size() == by_hand.losses.size());
      for (size_t i = 0; i < steps.size(); ++i) {
        // Three numbers may be added in another order.
        CHECK(steps[i].lm_loss == Approx(by_hand.losses[i]).epsilon(ranks == 2 ? 0 : 1e-14));
        CHECK(steps[i].grad_norm == by_hand.norms[i]);
      }
      CHECK(at::equal(values_in(directory, spec), by_hand.values));
    }
}

TEST_CASE("three ranks train as one process within fp32, and to the same bits every time",
          "[train]") {
  const Runs runs;
  config::TrainSpec spec = noisy_spec();
  spec.batch = 5;  // over three: 1, 2 and 2 rows, each with its weight
  const auto alone = runs.make_training("alone", spec);
  train_here(alone);
  spec.ranks = 3;
  const auto first = runs.make_training("first", spec), second = runs.make_training("second", spec);
  const json result = train_by_ranks(first);
  train_by_ranks(second);
  CHECK(steps_of(first) == steps_of(second));
  CHECK(read_file(first.weights()) == read_file(second.weights()));
  const auto expected = run::read_records(alone.records_file()).steps;
  const auto steps = run::read_records(first.records_file()).steps;
  REQUIRE(steps.size() == expected.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    CHECK(steps[i].lm_loss == Approx(expected[i].lm_loss).epsilon(2e-5));
    CHECK(steps[i].grad_norm == Approx(expected[i].grad_norm).epsilon(1e-3));
    CHECK(steps[i].data_hash == expected[i].data_hash);
    CHECK(steps[i].tokens == expected[i].tokens);
  }
  CHECK(result.at("communication_seconds") > 0);
  CHECK_FALSE(alone.result().contains("communication_seconds"));
}

TEST_CASE("ranks that keep a part of the optimizer each change no bit", "[train]") {
  const Runs runs;
  for (int64_t ranks : {2, 3}) {
    config::TrainSpec spec = noisy_spec();
    spec.ranks = ranks;
    const auto name = [&](const char* what) { return fmt::format("{}{}", what, ranks); };
    const auto whole = runs.make_training(name("whole"), spec, 6);
    const auto parts =
        runs.make("train", name("parts"), config::to_json(spec), {{"corpus", "corpus"}},
                  {{"checkpoint_every", 6}, {"shard_optimizer", true}});
    const auto in_memory = runs.make_training(name("memory"), spec, 6);
    {
      // Where all keep all of it unless they are told to; in shared memory they never do.
      const OverSockets sockets;
      train_by_ranks(whole);
      train_by_ranks(parts);
    }
    train_by_ranks(in_memory);
    CHECK(steps_of(whole) == steps_of(parts));
    for (const char* file : {"model.safetensors", "optimizer.safetensors"}) {
      const auto bytes = [&](const run::RunDirectory& directory) {
        return read_file(checkpoint_folder(directory.checkpoints(), 20) / file);
      };
      CHECK(bytes(whole) == bytes(parts));
      if (ranks == 2) CHECK(bytes(whole) == bytes(in_memory));  // one addition in any order
    }
  }
}

TEST_CASE("an interrupt of one rank stops all after the same step, and they go on from there",
          "[train]") {
  const Runs runs;
  config::TrainSpec spec = noisy_spec();
  spec.ranks = 2;
  const auto whole = runs.make_training("whole", spec);
  train_by_ranks(whole);
  const auto stopped = runs.make("train", "stopped", config::to_json(spec), {{"corpus", "corpus"}},
                                 {{"checkpoint_every", 200}, {"shard_optimizer", true}});
  const std::atomic<bool> never = false, now = true;
  for (int tries = 1; tries <= 2; ++tries) {
    CHECK_THROWS_WITH(train_by_ranks(stopped, {&never, &now}),
                      Catch::Contains(fmt::format("interrupted after step {} of 20", tries)));
    CHECK(newest_checkpoint(stopped.checkpoints())->filename() == fmt::format("{:08d}", tries));
  }
  // By as many ranks, of which each keeps all of the optimizer now.
  runs.make_training("stopped", spec);
  train_by_ranks(stopped);
  CHECK(steps_of(whole) == steps_of(stopped));
  CHECK(evals_of(whole) == evals_of(stopped));
  CHECK(read_file(whole.weights()) == read_file(stopped.weights()));
}

TEST_CASE("a loss that is not finite stops every rank at the same step", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.ranks = 2;
  spec.optimizer = {.lr = 1e30, .schedule = "constant", .warmup = 0, .clip = 0};
  const run::RunDirectory directory = runs.make_training("failing", spec);
  const run::OpenedJob job = run::open_job(directory);
  const std::atomic<bool> never = false;
  std::mutex guard;
  std::vector<std::string> said;
  side_by_side(2, 60, [&](Ranks& group) {
    try {
      train::train(job, directory, never, group);
    } catch (const Error& error) {
      const std::lock_guard<std::mutex> held(guard);
      said.emplace_back(error.what());
    }
  });
  REQUIRE(said.size() == 2);
  for (const std::string& text : said) CHECK_THAT(text, Catch::Contains("failing: step 2: loss"));
}

TEST_CASE("a rank that ends or is silent is noticed by the others", "[train]") {
  CHECK_THROWS_AS(side_by_side(2, 60,
                               [](Ranks& group) {
                                 if (group.first()) group.sum({1.0});
                               }),
                  RankLost);
  CHECK_THROWS_AS(side_by_side(2, 0.2,
                               [](Ranks& group) {
                                 if (!group.first())
                                   std::this_thread::sleep_for(std::chrono::seconds(2));
                                 group.sum({1.0});
                               }),
                  RankLost);
  // Only the first, which evaluates and writes, is waited for longer.
  for (const int64_t late : {0, 1}) {
    const auto wait = [&] {
      side_by_side(2, 0.2, [&](Ranks& group) {
        if (group.rank() == late) std::this_thread::sleep_for(std::chrono::seconds(1));
        group.wait_for_all();
      });
    };
    if (late == 0)
      CHECK_NOTHROW(wait());
    else
      CHECK_THROWS_AS(wait(), RankLost);
  }
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(
      Ranks({.rank = 0, .ranks = 2, .meeting = folder.path() / "meeting", .timeout_seconds = 0.1}),
      Catch::Contains("rank 1 did not come within"));
}

TEST_CASE("more ranks than rows of the batch are refused by their numbers", "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.accumulate = 2;
  spec.ranks = 3;
  const auto directory = runs.make_training("wide", spec);
  CHECK_THROWS_WITH(
      read_train_spec(run::open_job(directory)),
      "job 'wide': 3 ranks with 2 micro-batches each need a batch of 6 rows; it has 4");
}
