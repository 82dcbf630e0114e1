#include "data/tasks/python_random.hpp"

#include <bit>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.hpp"

namespace repro::data {
namespace {

// The state that CPython gives the Mersenne twister for a seed: init_by_array of Matsumoto and
// Nishimura's mt19937ar.c, with the seed as its only word.
struct PythonSeed {
  using result_type = uint32_t;
  uint32_t seed;

  template <typename Iterator>
  void generate(Iterator begin, Iterator end) {
    const auto count = static_cast<size_t>(end - begin);
    const auto mixed = [&](size_t at) {
      const uint32_t before = begin[at - 1];
      return before ^ (before >> 30);
    };
    begin[0] = 19650218;
    for (size_t i = 1; i < count; ++i) begin[i] = 1812433253U * mixed(i) + static_cast<uint32_t>(i);
    size_t at = 1;
    const auto next = [&] {
      if (++at < count) return;
      begin[0] = begin[count - 1];
      at = 1;
    };
    for (size_t i = 0; i < count; ++i, next())
      begin[at] = (begin[at] ^ (mixed(at) * 1664525U)) + seed;
    for (size_t i = 1; i < count; ++i, next())
      begin[at] = (begin[at] ^ (mixed(at) * 1566083941U)) - static_cast<uint32_t>(at);
    begin[0] = 0x80000000U;
  }
};

std::mt19937 seeded(uint32_t seed) {
  PythonSeed words{seed};
  return std::mt19937(words);
}

// Up to here CPython keeps a list of what is left, beyond it a set of what is taken.
size_t largest_list(size_t count) {
  if (count <= 5) return 21;
  const double rounds = std::ceil(std::log(3.0 * static_cast<double>(count)) / std::log(4.0));
  return 21 + static_cast<size_t>(std::pow(4.0, rounds));
}

}  // namespace

PythonRandom::PythonRandom(uint32_t seed) : words_(seeded(seed)) {}

size_t PythonRandom::below(size_t bound) {
  const auto bits = static_cast<unsigned>(std::bit_width(bound));
  size_t drawn = bound;
  while (drawn >= bound) drawn = words_() >> (32 - bits);
  return drawn;
}

std::vector<size_t> PythonRandom::sample(size_t population, size_t count) {
  check(population < (size_t{1} << 31), "a population of less than 2^31");
  if (count > population) throw Error("{} of {} cannot be drawn", count, population);
  std::vector<size_t> drawn;
  if (population <= largest_list(count)) {
    std::vector<size_t> left(population);
    std::iota(left.begin(), left.end(), size_t{0});
    for (size_t i = 0; i < count; ++i) {
      const size_t at = below(population - i);
      drawn.push_back(left[at]);
      left[at] = left[population - i - 1];
    }
    return drawn;
  }
  std::set<size_t> taken;
  while (drawn.size() < count)
    if (const size_t at = below(population); taken.insert(at).second) drawn.push_back(at);
  return drawn;
}

}  // namespace repro::data
