#include "data/tokens/sampler.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/random.hpp"

namespace repro::data {

Sampler::Sampler(std::shared_ptr<const TokenShards> shards, std::vector<int64_t> documents,
                 int64_t sequence, int64_t batch, uint64_t seed)
    : shards_(std::move(shards)),
      documents_(std::move(documents)),
      sequence_(sequence),
      batch_(batch),
      seed_(seed) {
  check(sequence_ > 0 && batch_ > 0, "sequence and batch are positive");
  check(std::adjacent_find(documents_.begin(), documents_.end(), std::greater_equal<>()) ==
            documents_.end(),
        "documents are ascending");
  check(documents_.empty() || (documents_.front() >= 0 && documents_.back() < shards_->documents()),
        "documents are those of the shard");
  if (documents_.empty()) {
    stream_tokens_ = shards_->tokens();
  } else {
    for (int64_t document : documents_) {
      stream_begin_.push_back(stream_tokens_);
      stream_tokens_ += shards_->document_end(document) - shards_->document_begin(document);
    }
    stream_begin_.push_back(stream_tokens_);
  }
  if (stream_tokens_ < sequence_ + 1)
    throw Error(
        "{} documents hold {} tokens, fewer than one window of {}; use a shorter sequence or more "
        "text",
        documents_.empty() ? shards_->documents() : static_cast<int64_t>(documents_.size()),
        stream_tokens_, sequence_ + 1);
  windows_ = (stream_tokens_ - 1) / sequence_;
}

void Sampler::batch(int64_t step, std::span<int32_t> out) const {
  check(step >= 0 && static_cast<int64_t>(out.size()) == batch_ * (sequence_ + 1),
        "a batch is batch x (sequence + 1) tokens");
  for (int64_t row = 0; row < batch_; ++row) {
    const int64_t position = step * batch_ + row;  // in the endless sequence of epochs
    const int64_t epoch = position / windows_;
    const Permutation order(static_cast<uint64_t>(windows_), seed_, static_cast<uint64_t>(epoch));
    const auto window =
        static_cast<int64_t>(order(static_cast<uint64_t>(position - epoch * windows_)));
    read_window(window, out.subspan(static_cast<size_t>(row * (sequence_ + 1)),
                                    static_cast<size_t>(sequence_ + 1)));
  }
}

void Sampler::read_window(int64_t window, std::span<int32_t> out) const {
  int64_t position = window * sequence_;
  if (documents_.empty()) {
    shards_->read(position, out);
    return;
  }
  auto next = std::upper_bound(stream_begin_.begin(), stream_begin_.end(), position);
  while (!out.empty()) {
    const auto index = static_cast<size_t>(next - stream_begin_.begin() - 1);
    const auto count = std::min<size_t>(out.size(), static_cast<size_t>(*next - position));
    shards_->read(shards_->document_begin(documents_[index]) + position - stream_begin_[index],
                  out.first(count));
    out = out.subspan(count);
    position += static_cast<int64_t>(count);
    ++next;
  }
}

}  // namespace repro::data
