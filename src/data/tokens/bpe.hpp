#pragma once
// Byte-pair encoding: which neighbouring symbols become one, and in what order.

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace repro::data {

class Bpe {
 public:
  // Ranks follow the order of calls; of a pair given twice the last counts.
  void add(int32_t left, int32_t right, int32_t result);
  // Merges the pair of lowest rank, the leftmost of equals, until none is left.
  void merge(std::vector<int32_t>& symbols) const;

 private:
  struct Merge {
    int32_t rank;
    int32_t result;
  };
  std::unordered_map<uint64_t, Merge> merges_;  // by left << 32 | right
  int32_t next_rank_ = 0;
};

}  // namespace repro::data
