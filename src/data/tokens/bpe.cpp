#include "data/tokens/bpe.hpp"

#include <algorithm>
#include <queue>

namespace repro::data {
namespace {

uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

void Bpe::add(int32_t left, int32_t right, int32_t result) {
  merges_[pair_key(left, right)] = {next_rank_++, result};
}

// A queue of candidate pairs over a linked list, so that long words without spaces cost n log n.
void Bpe::merge(std::vector<int32_t>& symbols) const {
  struct Candidate {
    int32_t rank, position, left, right, result;
    bool operator<(const Candidate& other) const {  // the queue's top is the largest
      return std::pair(rank, position) > std::pair(other.rank, other.position);
    }
  };
  const auto count = static_cast<int32_t>(symbols.size());
  std::vector<int32_t> next(symbols.size()), previous(symbols.size());
  for (int32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  std::priority_queue<Candidate> queue;
  const auto consider = [&](int32_t position) {
    if (position < 0 || next[position] >= count) return;
    const int32_t left = symbols[position];
    const int32_t right = symbols[next[position]];
    const auto merge = merges_.find(pair_key(left, right));
    if (merge != merges_.end())
      queue.push({merge->second.rank, position, left, right, merge->second.result});
  };
  for (int32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const int32_t right = next[best.position];
    // Merged symbols are -1; a stale candidate no longer finds its pair.
    if (right >= count || symbols[best.position] != best.left || symbols[right] != best.right)
      continue;
    symbols[best.position] = best.result;
    symbols[right] = -1;
    next[best.position] = next[right];
    if (next[right] < count) previous[next[right]] = best.position;
    consider(previous[best.position]);
    consider(best.position);
  }
  std::erase(symbols, -1);
}

}  // namespace repro::data
