#include "base/random.hpp"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.hpp"

namespace repro {

uint64_t mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t index) {
  return mix64(mix64(mix64(seed) ^ stream) ^ index);
}

double random_uniform(uint64_t seed, uint64_t stream, uint64_t index) {
  return static_cast<double>(random_bits(seed, stream, index) >> 11) * 0x1.0p-53;
}

double random_normal(uint64_t seed, uint64_t stream, uint64_t index) {
  // 1 - u lies in (0, 1], so that the logarithm is finite.
  const double u = 1.0 - random_uniform(seed, stream, 2 * index);
  const double v = random_uniform(seed, stream, 2 * index + 1);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

Permutation::Permutation(uint64_t size, uint64_t seed, uint64_t stream)
    : size_(size), seed_(seed), stream_(stream) {
  check(size > 0, "a permutation has at least one element");
  half_bits_ = (static_cast<unsigned>(std::bit_width(size - 1)) + 1) / 2;
  if (size_ <= kShuffled) shuffle();
}

uint64_t Permutation::operator()(uint64_t index) const {
  check(index < size_, "the index lies inside the permutation");
  if (size_ <= kShuffled) return table_[index];
  do index = network(index);
  while (index >= size_);
  return index;
}

void Permutation::shuffle() {
  for (uint64_t i = 0; i < size_; ++i) table_[i] = static_cast<uint8_t>(i);
  for (uint64_t left = size_; left > 1; --left) {
    const double draw = random_uniform(seed_, stream_ * 4, left - 1);
    std::swap(table_[left - 1], table_[static_cast<uint64_t>(draw * static_cast<double>(left))]);
  }
}

uint64_t Permutation::network(uint64_t index) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = index >> half_bits_;
  uint64_t right = index & mask;
  for (uint64_t round = 0; round < 4; ++round) {
    const uint64_t next = left ^ (random_bits(seed_, stream_ * 4 + round, right) & mask);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

}  // namespace repro
