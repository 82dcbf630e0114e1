#pragma once
// For shards of made-up ids: a tokenizer's table whose pieces are all of the same length.

#include "data/tokens/piece_bytes.hpp"

namespace repro {

inline data::PieceBytes even_pieces(int64_t vocabulary, uint16_t bytes = 1) {
  const auto pieces = static_cast<size_t>(vocabulary);
  return {std::vector<uint16_t>(pieces, bytes), std::vector<uint8_t>(pieces, 0)};
}

}  // namespace repro
