#include "eval/perplexity.hpp"

#include <algorithm>
#include <numbers>
#include <vector>

#include "base/error.hpp"

namespace repro::eval {
namespace {

// Sums over rows of equal length, in the order given.
class Scorer {
 public:
  Scorer(model::Transformer& model, const data::TokenShards& split)
      : model_(model), split_(split) {}

  // `rows` rows of `length` tokens that start at begin, begin + stride, ...; of each the
  // predictions at positions >= first count.
  void add(int64_t begin, int64_t stride, int64_t rows, int64_t length, int64_t first) {
    std::vector<int32_t> ids(static_cast<size_t>(rows * length));
    for (int64_t row = 0; row < rows; ++row)
      split_.read(begin + row * stride, std::span(ids).subspan(static_cast<size_t>(row * length),
                                                               static_cast<size_t>(length)));
    const at::Tensor tokens_BS = at::tensor(at::ArrayRef<int32_t>(ids), at::kInt)
                                     .to(model_.options().device, at::kLong)
                                     .view({rows, length});
    nats_ += model_.negative_log_likelihood(tokens_BS, first);
    tokens_ += rows * (length - 1 - first);
  }

  HeldOut result() const {
    const auto tokens = static_cast<double>(tokens_);
    const double bytes = static_cast<double>(split_.text_bytes()) *
                         (tokens / static_cast<double>(split_.tokens() - 1));
    return {nats_ / tokens, tokens_, nats_ / std::numbers::ln2 / bytes};
  }

 private:
  model::Transformer& model_;
  const data::TokenShards& split_;
  double nats_ = 0;
  int64_t tokens_ = 0;
};

void need_two_tokens(const data::TokenShards& split) {
  if (split.tokens() < 2)
    throw Error("the held-out split has {} token(s), at least 2 are needed; use a larger corpus",
                split.tokens());
}

}  // namespace

HeldOut held_out_loss(model::Transformer& model, const data::TokenShards& split, int64_t sequence,
                      int64_t windows, int64_t batch) {
  need_two_tokens(split);
  Scorer scorer(model, split);
  const int64_t whole = std::min(windows, (split.tokens() - 1) / sequence);
  for (int64_t window = 0; window < whole; window += batch)
    scorer.add(window * sequence, sequence, std::min(batch, whole - window), sequence + 1, 0);
  if (whole == 0) scorer.add(0, 0, 1, split.tokens(), 0);
  return scorer.result();
}

HeldOut sliding_window_loss(model::Transformer& model, const data::TokenShards& split,
                            int64_t window, int64_t stride, int64_t batch) {
  check(stride > 0 && stride <= window, "the stride is positive and at most the window");
  need_two_tokens(split);
  Scorer scorer(model, split);
  const int64_t last = split.tokens() - 1;  // predictions there are
  scorer.add(0, 0, 1, std::min(window, last) + 1, 0);
  // Window number i predicts up to token i * stride + window.
  const int64_t whole = last <= window ? 0 : (last - window) / stride;
  for (int64_t i = 1; i <= whole; i += batch)
    scorer.add(i * stride, stride, std::min(batch, whole - i + 1), window + 1, window - stride);
  const int64_t scored = window + whole * stride;
  if (scored < last) {
    const int64_t begin = (whole + 1) * stride;
    scorer.add(begin, 0, 1, last + 1 - begin, scored - begin);
  }
  return scorer.result();
}

}  // namespace repro::eval
