#pragma once
// How many UTF-8 bytes of text a token stands for, so that a loss in nats becomes bits per byte of
// exactly the text that was scored. A piece that begins with a space stands for one byte less at a
// paragraph's beginning, where encoding put that space.

#include <cstdint>
#include <vector>

namespace repro::data {

struct PieceBytes {
  std::vector<uint16_t> bytes;         // by token id, a leading space included
  std::vector<uint8_t> leading_space;  // by token id: 1 = it begins with one
  int32_t newline = -1;                // paragraphs begin behind it
  int32_t end_of_text = -1;            // and documents behind it

  int64_t pieces() const { return static_cast<int64_t>(bytes.size()); }
  // Bytes of `token` where it follows `previous` in a split.
  int64_t behind(int32_t previous, int32_t token) const {
    const auto at = static_cast<size_t>(token);
    const bool begins = previous == newline || previous == end_of_text;
    return bytes[at] - (begins ? leading_space[at] : 0);
  }
};

}  // namespace repro::data
