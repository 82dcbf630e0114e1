#include "eval/perplexity.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <numbers>
#include <vector>

#include "base/error.hpp"
#include "data/tokens/sampler.hpp"

namespace repro::eval {
namespace {

// Sums over rows of equal length, in the order given.
class Scorer {
 public:
  Scorer(const Predictor& model, const data::TokenShards& split) : model_(model), split_(split) {}

  // `rows` rows of `length` tokens that start at begin, begin + stride, ...; of each the
  // predictions at positions >= first count.
  void add(int64_t begin, int64_t stride, int64_t rows, int64_t length, int64_t first) {
    std::vector<int32_t> ids(static_cast<size_t>(rows * length));
    for (int64_t row = 0; row < rows; ++row)
      split_.read(begin + row * stride, std::span(ids).subspan(static_cast<size_t>(row * length),
                                                               static_cast<size_t>(length)));
    add(ids, rows, length, first);
  }

  // The first `rows` rows of `length` tokens that stand one after the other.
  void add(std::vector<int32_t>& ids, int64_t rows, int64_t length, int64_t first) {
    const at::Tensor tokens_BS = at::from_blob(ids.data(), {rows, length}, at::kInt);
    const double nats = model_.nats(tokens_BS.to(model_.device, at::kLong), first);
    const int64_t tokens = rows * (length - 1 - first);
    nats_ += nats;
    tokens_ += tokens;
    blocks_.push_back(nats / static_cast<double>(tokens));
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = row * length + first + 1; i < (row + 1) * length; ++i)
        count_text(ids[static_cast<size_t>(i) - 1], ids[static_cast<size_t>(i)]);
    const int64_t read = rows * (length - 1);
    active_ += model_.active_share() * static_cast<double>(read);
    heads_ += model_.attention_share() * static_cast<double>(read);
    read_ += read;
    if (const at::Tensor counts = model_.expert_counts(); counts.defined())
      counts_LE_ = counts_LE_.defined() ? counts_LE_ + counts : counts;
  }

  HeldOut result() const {
    const auto tokens = static_cast<double>(tokens_), read = static_cast<double>(read_);
    return {.loss = nats_ / tokens,
            .tokens = tokens_,
            .bits_per_byte = nats_ / std::numbers::ln2 / static_cast<double>(bytes_),
            .bytes = bytes_,
            .words = words_,
            .active_share = active_ / read,
            .attention_share = heads_ / read,
            .blocks = blocks_,
            .expert_counts = counts_LE_};
  }

 private:
  void count_text(int32_t previous, int32_t token) {
    const data::PieceBytes& pieces = split_.piece_bytes();
    bytes_ += pieces.behind(previous, token);
    words_ += pieces.leading_space[static_cast<size_t>(token)];
  }

  const Predictor& model_;
  const data::TokenShards& split_;
  double nats_ = 0;
  int64_t tokens_ = 0;
  int64_t bytes_ = 0, words_ = 0;
  double active_ = 0;  // share of the experts, summed over the tokens that were read
  double heads_ = 0;   // of the groups of heads, likewise
  int64_t read_ = 0;
  std::vector<double> blocks_;
  at::Tensor counts_LE_;
};

void need_two_tokens(const data::TokenShards& split) {
  if (split.tokens() < 2)
    throw Error("the held-out split has {} token(s), at least 2 are needed; use a larger corpus",
                split.tokens());
}

}  // namespace

Predictor::Predictor(model::Transformer& model)
    : device(model.options().device),
      nats([&model](const at::Tensor& tokens_BS, int64_t first) {
        return model.negative_log_likelihood(tokens_BS, first);
      }),
      active_share([&model] { return model.active_share(); }),
      attention_share([&model] { return model.attention_share(); }),
      expert_counts([&model] { return model.expert_counts(); }) {}

HeldOut unseen_loss(const Predictor& model, const data::TokenShards& split, int64_t sequence,
                    int64_t windows, int64_t batch) {
  need_two_tokens(split);
  Scorer scorer(model, split);
  const int64_t whole = std::min(windows, (split.tokens() - 1) / sequence);
  for (int64_t window = 0; window < whole; window += batch)
    scorer.add(window * sequence, sequence, std::min(batch, whole - window), sequence + 1, 0);
  if (whole == 0) scorer.add(0, 0, 1, split.tokens(), 0);
  return scorer.result();
}

HeldOut sliding_window_loss(const Predictor& model, const data::TokenShards& split, int64_t window,
                            int64_t stride, int64_t batch, int64_t windows) {
  check(stride > 0 && stride <= window, "the stride is positive and at most the window");
  need_two_tokens(split);
  Scorer scorer(model, split);
  const int64_t last = split.tokens() - 1;  // predictions there are
  scorer.add(0, 0, 1, std::min(window, last) + 1, 0);
  // Window number i predicts up to token i * stride + window.
  const int64_t there = last <= window ? 0 : (last - window) / stride;
  const int64_t whole = windows > 0 ? std::min(there, windows - 1) : there;
  for (int64_t i = 1; i <= whole; i += batch)
    scorer.add(i * stride, stride, std::min(batch, whole - i + 1), window + 1, window - stride);
  const int64_t scored = window + whole * stride;
  if (scored < last && (windows == 0 || whole + 1 < windows)) {
    const int64_t begin = (whole + 1) * stride;
    scorer.add(begin, 0, 1, last + 1 - begin, scored - begin);
  }
  return scorer.result();
}

HeldOut shuffled_loss(const Predictor& model, std::shared_ptr<const data::TokenShards> split,
                      int64_t sequence, int64_t windows, int64_t batch, uint64_t order_seed) {
  const data::Sampler sampler(split, {}, sequence, batch, order_seed);
  const int64_t there = sampler.windows();
  const int64_t wanted = windows > 0 ? std::min(windows, there) : there;
  Scorer scorer(model, *split);
  std::vector<int32_t> ids(static_cast<size_t>(batch * (sequence + 1)));
  for (int64_t i = 0; i * batch < wanted; ++i) {
    sampler.batch(i, ids);
    scorer.add(ids, std::min(batch, wanted - i * batch), sequence + 1, 0);
  }
  return scorer.result();
}

}  // namespace repro::eval
