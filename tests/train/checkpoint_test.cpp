#include "train/checkpoint.hpp"

#include <ATen/ops/equal.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "synced_files.hpp"
#include "train/training_fixture.hpp"

using namespace repro;
using namespace repro::train;

namespace {

// A small model with an optimizer whose moments are not zero.
struct Training {
  model::Transformer model{tiny_model(), {}};
  AdamW optimizer{{}, model.flat_values(), model.flat_gradients(), model.decayed_count()};

  explicit Training(uint64_t seed = 1) {
    model.initialise(seed);
    model.values_changed();
  }
  void update() {
    model.flat_gradients().copy_(model.flat_values());
    optimizer.update(1e-2, optimizer.gradient_norm());
  }
  void save(const fs::path& folder, int64_t step) {
    save_checkpoint(folder,
                    {.step = step, .tokens = 64 * step, .data_hash = 77, .clocks = {1, 2, 3, 4}},
                    model.parameters(), optimizer);
  }
};

void damage(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-3, std::ios::end);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(-3, std::ios::end);
  file.put(byte);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a checkpoint brings back every bit of weights, moments and state", "[train]") {
  const TemporaryDirectory folder;
  Training saved;
  saved.update();
  saved.update();
  saved.save(folder.path(), 2);
  Training loaded(99);
  const auto state = load_newest_checkpoint(folder.path(), loaded.model, loaded.optimizer);
  REQUIRE(state);
  CHECK(state->step == 2);
  CHECK(state->tokens == 128);
  CHECK(state->data_hash == 77);
  CHECK(state->clocks.checkpoint == 3);
  saved.update();
  loaded.update();
  CHECK(at::equal(saved.model.flat_values(), loaded.model.flat_values()));
  CHECK(at::equal(saved.optimizer.second_moment(), loaded.optimizer.second_moment()));
}

TEST_CASE("no checkpoint is no error, and the two newest are kept", "[train]") {
  const TemporaryDirectory folder;
  Training training;
  CHECK_FALSE(load_newest_checkpoint(folder.path() / "none", training.model, training.optimizer));
  for (int64_t step : {5, 10, 15}) training.save(folder.path(), step);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"00000010", "00000015"});
  CHECK(newest_checkpoint(folder.path()) == folder.path() / "00000015");
  keep_only(folder.path(), 15);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"00000015"});
}

TEST_CASE("a checkpoint whose writing was cut off does not count", "[train]") {
  const TemporaryDirectory folder;
  Training training;
  training.save(folder.path(), 5);
  // As a kill leaves it: under the temporary name, or without its last file.
  fs::copy(folder.path() / "00000005", folder.path() / "00000010.unfinished");
  fs::copy(folder.path() / "00000005", folder.path() / "00000012");
  fs::remove(folder.path() / "00000012/DONE");
  const auto state = load_newest_checkpoint(folder.path(), training.model, training.optimizer);
  REQUIRE(state);
  CHECK(state->step == 5);
  CHECK(newest_checkpoint(folder.path()) == folder.path() / "00000005");
  training.save(folder.path(), 10);  // and does not get in the way of the next one
  CHECK(load_newest_checkpoint(folder.path(), training.model, training.optimizer)->step == 10);
}

TEST_CASE("a damaged file of the newest checkpoint sends the run back to the one before",
          "[train]") {
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "state.json", "DONE"})
    for (const bool truncated : {false, true}) {
      INFO(file << (truncated ? " truncated" : " changed"));
      const TemporaryDirectory folder;
      Training training;
      training.save(folder.path(), 5);
      training.update();
      training.save(folder.path(), 10);
      const fs::path path = folder.path() / "00000010" / file;
      if (truncated)
        fs::resize_file(path, fs::file_size(path) - 1);
      else
        damage(path);
      Training loaded(99);
      const auto state = load_newest_checkpoint(folder.path(), loaded.model, loaded.optimizer);
      REQUIRE(state);
      CHECK(state->step == 5);
      CHECK(at::equal(loaded.model.flat_values(), Training().model.flat_values()));
    }
}

TEST_CASE("checkpoints of which none is whole are an error, never a start from zero", "[train]") {
  const TemporaryDirectory folder;
  Training training;
  for (int64_t step : {5, 10}) {
    training.save(folder.path(), step);
    damage(checkpoint_folder(folder.path(), step) / "model.safetensors");
  }
  CHECK_THROWS_WITH(load_newest_checkpoint(folder.path(), training.model, training.optimizer),
                    Catch::Contains("no checkpoint there is whole"));
}

TEST_CASE("a changed line of the records sends a run back to before it, or is an error",
          "[train]") {
  const TemporaryDirectory folder;
  const fs::path checkpoints = folder.path() / "checkpoints";
  const fs::path records = folder.path() / "records.jsonl";
  Training training;
  LineWriter writer(records);
  for (int64_t step : {5, 10}) {
    writer.write("the lines up to step " + std::to_string(step));
    training.save(checkpoints, step);
  }
  writer.write("what was not yet sealed");
  const auto newest = [&] {
    return load_newest_checkpoint(checkpoints, training.model, training.optimizer);
  };
  const auto change = [&](size_t at) {
    std::string text = read_file(records);
    text[at] ^= 1;
    std::ofstream(records) << text;
  };
  CHECK(newest()->step == 10);
  CHECK(newest()->records_bytes == 47);
  change(50);  // after both
  CHECK(newest()->step == 10);
  change(30);  // of the second
  CHECK(newest()->step == 5);
  CHECK(newest()->records_bytes == 23);
  fs::resize_file(records, 22);
  CHECK_THROWS_WITH(newest(), Catch::Contains("no checkpoint there is whole; delete the run"));
}

TEST_CASE("a checkpoint of another model is not loaded", "[train]") {
  const TemporaryDirectory folder;
  Training().save(folder.path(), 5);
  config::ModelConfig config = tiny_model();
  config.expert_width = 24;
  model::Transformer other(config, {});
  AdamW optimizer({}, other.flat_values(), other.flat_gradients(), other.decayed_count());
  CHECK_THROWS_AS(load_newest_checkpoint(folder.path(), other, optimizer), Error);
}

TEST_CASE("a checkpoint whose tensors stood in another order is not loaded", "[train]") {
  const TemporaryDirectory folder;
  Training training;
  training.save(folder.path(), 5);
  // The moments are one flat buffer: names and shapes may fit where their order does not.
  const fs::path saved = folder.path() / "00000005";
  nlohmann::json state = nlohmann::json::parse(read_file(saved / "state.json"));
  state.at("layout") = std::string(64, '0');
  const std::string text = state.dump(1) + "\n";
  write_file_atomically(saved / "state.json", text);
  write_file_atomically(saved / "DONE", sha256_hex(text));
  CHECK_THROWS_AS(load_newest_checkpoint(folder.path(), training.model, training.optimizer), Error);
}

TEST_CASE("when a checkpoint cannot be written the one before stays, and nothing half is left",
          "[train]") {
  const TemporaryDirectory folder;
  Training training;
  training.save(folder.path(), 5);
  const auto values = training.model.flat_values().clone();
  // A limit on file sizes fails the write as a full disk does, in the middle of a file.
  struct rlimit before;
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {20'000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  training.update();
  std::string text;
  try {
    training.save(folder.path(), 10);
  } catch (const Error& error) {
    text = error.what();
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  INFO(text);
  CHECK(text.find("00000010.unfinished/model.safetensors") != std::string::npos);
  CHECK(text.find("cannot write") != std::string::npos);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"00000005"});
  REQUIRE(load_newest_checkpoint(folder.path(), training.model, training.optimizer)->step == 5);
  CHECK(at::equal(training.model.flat_values(), values));
}

TEST_CASE("a checkpoint is on the disk, its last file last, before it has its name", "[train]") {
  const TemporaryDirectory folder;
  Training training;
  make_directories(folder.path() / "checkpoints");
  take_synced();
  training.save(folder.path() / "checkpoints", 5);
  CHECK(take_synced() == std::vector<std::string>{
                             "model.safetensors.tmp", "optimizer.safetensors.tmp", "state.json.tmp",
                             "DONE.tmp", "00000005.unfinished", "checkpoints"});
  leave_weights(folder.path() / "checkpoints", 5, folder.path() / "model.safetensors");
  CHECK(take_synced().size() == 1);  // the folder that now has one name more
}

TEST_CASE("a training's records are on the disk before a checkpoint that counts on them",
          "[train]") {
  const Runs runs;
  config::TrainSpec spec = tiny_spec();
  spec.steps = 6;
  const auto directory = runs.make_training("synced", spec, 3);
  take_synced();
  train_here(directory);
  std::vector<std::string> order;
  for (const std::string& name : take_synced())
    if (name == "records.jsonl" || name == "state.json.tmp") order.push_back(name);
  CHECK(order == std::vector<std::string>{"records.jsonl", "state.json.tmp", "records.jsonl",
                                          "state.json.tmp", "records.jsonl"});  // when it is sealed
}
