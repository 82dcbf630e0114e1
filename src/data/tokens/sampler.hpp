#pragma once
// Which tokens a training step sees, as a pure function of (seed, step): resuming is choosing a
// step. The chosen documents, in corpus order, form one stream; it is cut into windows of T + 1
// tokens that overlap by one, so that each token is predicted once an epoch; each epoch visits the
// windows in its own pseudo-random order.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "data/tokens/token_shards.hpp"

namespace repro::data {

class Sampler {
 public:
  // `documents`: ascending document numbers; empty = all. Error when they hold fewer than T + 1
  // tokens.
  Sampler(std::shared_ptr<const TokenShards> shards, std::vector<int64_t> documents,
          int64_t sequence, int64_t batch, uint64_t seed);

  // The batch of `step` (0-based): batch x (T + 1) token ids, row by row.
  void batch(int64_t step, std::span<int32_t> out) const;

  int64_t windows() const { return windows_; }       // an epoch's
  int64_t tokens() const { return stream_tokens_; }  // of the stream
  int64_t steps_per_epoch() const { return (windows_ + batch_ - 1) / batch_; }

 private:
  void read_window(int64_t window, std::span<int32_t> out) const;

  std::shared_ptr<const TokenShards> shards_;
  std::vector<int64_t> documents_;     // empty = all
  std::vector<int64_t> stream_begin_;  // of each chosen document, plus the end
  int64_t sequence_;
  int64_t batch_;
  uint64_t seed_;
  int64_t stream_tokens_ = 0;
  int64_t windows_ = 0;
};

}  // namespace repro::data
