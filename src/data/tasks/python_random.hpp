#pragma once
// CPython's random.Random(seed).sample(): lm-evaluation-harness draws the worked examples of a task
// with it, so whoever wants its prompts needs its numbers.

#include <cstdint>
#include <random>
#include <vector>

namespace repro::data {

class PythonRandom {
 public:
  explicit PythonRandom(uint32_t seed);
  // Indices of `count` different ones of `population`, in the order drawn. Error when there are
  // fewer.
  std::vector<size_t> sample(size_t population, size_t count);

 private:
  size_t below(size_t bound);

  std::mt19937 words_;
};

}  // namespace repro::data
