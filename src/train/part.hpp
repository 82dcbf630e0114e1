#pragma once
// A piece of something that several share.

#include <cstdint>

namespace repro::train {

struct Part {
  int64_t first = 0;
  int64_t count = 0;
  int64_t end() const { return first + count; }
};

// Piece `index` of `parts` of `count` things: in order, none left out, sizes that differ by one at
// most.
inline Part part_of(int64_t count, int64_t index, int64_t parts) {
  const int64_t first = count * index / parts;
  return {first, count * (index + 1) / parts - first};
}

}  // namespace repro::train
