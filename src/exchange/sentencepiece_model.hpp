#pragma once
// A sentencepiece model's file as data (google/sentencepiece, sentencepiece_model.proto): its
// pieces and what it does to a text before it cuts it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace repro::exchange {

enum class PieceKind : uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

struct Piece {
  std::string text;
  float score = 0;
  PieceKind kind = PieceKind::normal;
};

struct SentencepieceModel {
  std::vector<Piece> pieces;                // by token id
  int32_t unknown = 0, begin = 1, end = 2;  // token ids; -1 = none
  bool dummy_prefix = true;                 // a space stands before every text
};

// Error when it is damaged, or anything but a byte-fallback BPE that leaves texts as they are (as
// Llama's): other models' tokens would not be found by merges alone.
SentencepieceModel read_sentencepiece(const std::filesystem::path& path);

}  // namespace repro::exchange
