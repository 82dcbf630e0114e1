#include "eval/perplexity.hpp"

#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/even_pieces.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using eval::HeldOut;

namespace {

model::Transformer tiny_model() {
  config::ModelConfig config;
  config.vocabulary = 32;
  config.width = 16;
  config.heads = config.kv_heads = 2;
  config.head_width = 8;
  config.expert_width = 8;
  config.shared_width = 16;
  model::Transformer model(config, {});
  model.initialise(3);
  model.values_changed();
  return model;
}

class Split {
 public:
  explicit Split(int64_t tokens) {
    // Pieces of 1 to 9 bytes; the even ones begin with a space, which is no text behind piece 5.
    data::PieceBytes pieces = even_pieces(32);
    for (uint16_t i = 0; i < 32; ++i) pieces.bytes[i] = 1 + i % 9;
    for (size_t i = 0; i < 32; i += 2) pieces.leading_space[i] = 1;
    pieces.newline = 5;
    data::TokenShardsWriter writer(folder_.path() / "valid.tokens", pieces, std::string(64, 'a'));
    for (int64_t i = 0; i < tokens; ++i)
      ids_.push_back(static_cast<int32_t>(random_bits(1, 0, static_cast<uint64_t>(i)) % 32));
    writer.add_document(ids_, /*text_bytes=*/1);
    writer.finish();
  }
  data::TokenShards shards() const { return data::TokenShards(folder_.path() / "valid.tokens"); }

  // -log p of token `target` given tokens [begin, target).
  double nats(model::Transformer& model, int64_t begin, int64_t target) const {
    const std::vector<int64_t> context(ids_.begin() + begin, ids_.begin() + target);
    const at::Tensor logits = model.logits(at::tensor(context, at::kLong).unsqueeze(0));
    const at::Tensor log_p = at::log_softmax(logits[0][target - begin - 1].to(at::kDouble), 0);
    return -log_p[ids_[static_cast<size_t>(target)]].item<double>();
  }
  // Tokens [begin, end) that begin a word.
  int64_t words(int64_t begin, int64_t end) const {
    return std::count_if(ids_.begin() + begin, ids_.begin() + end,
                         [](int32_t id) { return id % 2 == 0; });
  }
  // Bytes of text of tokens [begin, end).
  double bytes(int64_t begin, int64_t end) const {
    int64_t sum = 0;
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
      sum += 1 + ids_[i] % 9 - (ids_[i - 1] == 5 && ids_[i] % 2 == 0 ? 1 : 0);
    return static_cast<double>(sum);
  }

 private:
  TemporaryDirectory folder_;
  std::vector<int32_t> ids_;
};

}  // namespace

TEST_CASE("a sliding window scores each token once, with the context its window gives", "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(53);
  for (const auto& [window, stride] :
       {std::pair<int64_t, int64_t>{8, 8}, {8, 4}, {8, 3}, {8, 1}, {52, 52}, {100, 10}}) {
    INFO("window " << window << " stride " << stride);
    double nats = 0;
    for (int64_t target = 1; target < 53; ++target) {
      // The first window, `stride` apart, that reaches the target.
      const int64_t number = target <= window ? 0 : (target - window + stride - 1) / stride;
      nats += split.nats(model, number * stride, target);
    }
    for (int64_t batch : {1, 3, 64}) {
      const HeldOut found = eval::sliding_window_loss(model, split.shards(), window, stride, batch);
      CHECK(found.tokens == 52);
      CHECK(found.loss == Approx(nats / 52).epsilon(1e-5));
      CHECK(found.bits_per_byte == Approx(nats / std::log(2) / split.bytes(1, 53)).epsilon(1e-5));
      CHECK(found.bytes == static_cast<int64_t>(split.bytes(1, 53)));
      CHECK(found.words == split.words(1, 53));
    }
  }
}

TEST_CASE("the loss is the mean of its blocks of windows, and each block is its own windows'",
          "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(60);
  const HeldOut found = eval::unseen_loss(model, split.shards(), 10, 4, 2);
  REQUIRE(found.blocks.size() == 2);
  CHECK(found.loss == Approx((found.blocks[0] + found.blocks[1]) / 2));
  CHECK(found.blocks[0] == eval::unseen_loss(model, split.shards(), 10, 2, 2).loss);
}

TEST_CASE("unseen loss is the mean over the first windows, whatever the batch", "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(60);
  double nats = 0;
  for (int64_t target = 1; target <= 30; ++target)
    nats += split.nats(model, (target - 1) / 10 * 10, target);
  for (int64_t batch : {1, 2, 16}) {
    const HeldOut found = eval::unseen_loss(model, split.shards(), 10, 3, batch);
    CHECK(found.tokens == 30);
    CHECK(found.loss == Approx(nats / 30).epsilon(1e-5));
    // Of these 30 tokens, not of the split's mean token.
    CHECK(found.bits_per_byte == Approx(nats / std::log(2) / split.bytes(1, 31)).epsilon(1e-5));
  }
}

TEST_CASE("the first windows of a sliding measurement are those of the whole one", "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(53);
  double nats = 0;
  for (int64_t target = 1; target <= 8 + 2 * 3; ++target)
    nats += split.nats(model, target <= 8 ? 0 : (target - 8 + 2) / 3 * 3, target);
  const HeldOut found = eval::sliding_window_loss(model, split.shards(), 8, 3, 2, 3);
  CHECK(found.tokens == 14);
  CHECK(found.loss == Approx(nats / 14).epsilon(1e-5));
  const HeldOut whole = eval::sliding_window_loss(model, split.shards(), 8, 3, 2);
  CHECK(eval::sliding_window_loss(model, split.shards(), 8, 3, 2, 1000).loss == whole.loss);
}

TEST_CASE("a shuffled measurement scores as many windows as asked for, an epoch at most",
          "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(53);
  const auto shards = std::make_shared<data::TokenShards>(split.shards());
  CHECK(eval::shuffled_loss(model, shards, 10, 3, 2, 1).tokens == 30);
  const HeldOut epoch = eval::shuffled_loss(model, shards, 10, 0, 2, 1);
  CHECK(epoch.tokens == 50);
  CHECK(eval::shuffled_loss(model, shards, 10, 99, 2, 1).loss == epoch.loss);
  // An epoch in any order is all windows.
  const HeldOut in_order = eval::unseen_loss(model, split.shards(), 10, 99, 2);
  CHECK(epoch.loss == Approx(in_order.loss).epsilon(1e-6));
  CHECK(eval::shuffled_loss(model, shards, 10, 3, 2, 2).loss !=
        eval::shuffled_loss(model, shards, 10, 3, 2, 1).loss);
}

TEST_CASE("a split shorter than asked for is scored as far as it goes", "[eval]") {
  model::Transformer model = tiny_model();
  const Split split(25);
  CHECK(eval::unseen_loss(model, split.shards(), 10, 64, 4).tokens == 20);
  CHECK(eval::unseen_loss(model, split.shards(), 100, 64, 4).tokens == 24);
  const Split one(1);
  CHECK_THROWS_AS(eval::unseen_loss(model, one.shards(), 10, 64, 4), Error);
  CHECK_THROWS_AS(eval::sliding_window_loss(model, one.shards(), 10, 10, 4), Error);
}
