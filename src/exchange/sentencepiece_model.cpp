#include "exchange/sentencepiece_model.hpp"

#include <cstring>
#include <functional>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/unicode.hpp"
#include "exchange/keys.hpp"

namespace repro::exchange {
namespace {

// Of sentencepiece_model.proto.
constexpr uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
constexpr uint32_t kPieceText = 1, kPieceScore = 2, kPieceKind = 3;
constexpr uint32_t kModelType = 3, kSpaceBehind = 24, kByteFallback = 35, kUnknownId = 40,
                   kBeginId = 41, kEndId = 42;
constexpr uint32_t kCharacterMap = 2, kDummyPrefix = 3, kNoExtraSpaces = 4, kEscapeSpaces = 5;
constexpr uint64_t kBpe = 2;

// A field of a protobuf message: a number (of a varint or of 4 or 8 bytes), or bytes.
struct Field {
  uint32_t number = 0;
  uint64_t value = 0;
  std::string_view bytes;
};

// Reads a message field by field; false: it is none.
bool read_varint(std::string_view& rest, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool read_fixed(std::string_view& rest, size_t size, uint64_t& value) {
  if (rest.size() < size) return false;
  value = 0;
  std::memcpy(&value, rest.data(), size);
  rest.remove_prefix(size);
  return true;
}

bool read_field(std::string_view& rest, Field& field) {
  uint64_t key = 0;
  if (!read_varint(rest, key)) return false;
  field.number = static_cast<uint32_t>(key >> 3);
  switch (key & 7) {
    case 0:
      return read_varint(rest, field.value);
    case 1:
      return read_fixed(rest, 8, field.value);
    case 5:
      return read_fixed(rest, 4, field.value);
    case 2:
      if (!read_varint(rest, field.value) || field.value > rest.size()) return false;
      field.bytes = rest.substr(0, field.value);
      rest.remove_prefix(field.value);
      return true;
    default:
      return false;
  }
}

bool for_each_field(std::string_view message, const std::function<void(const Field&)>& use) {
  while (!message.empty()) {
    Field field;
    if (!read_field(message, field)) return false;
    use(field);
  }
  return true;
}

// What a model says of itself beyond its pieces.
struct Description {
  uint64_t type = 1;
  bool byte_fallback = false, space_behind = false;
  bool maps_characters = false, removes_spaces = true, escapes_spaces = true;
};

// 0 for what is none.
PieceKind kind_of(uint64_t value) {
  return static_cast<PieceKind>(value <= static_cast<uint64_t>(PieceKind::byte) ? value : 0);
}

bool read_piece(std::string_view message, Piece& piece) {
  return for_each_field(message, [&](const Field& field) {
    if (field.number == kPieceText) piece.text = field.bytes;
    if (field.number == kPieceScore) {
      const auto bits = static_cast<uint32_t>(field.value);
      std::memcpy(&piece.score, &bits, sizeof(bits));
    }
    if (field.number == kPieceKind) piece.kind = kind_of(field.value);
  });
}

bool read_trainer(std::string_view message, SentencepieceModel& model, Description& found) {
  return for_each_field(message, [&](const Field& field) {
    const auto id = static_cast<int32_t>(field.value);
    if (field.number == kModelType) found.type = field.value;
    if (field.number == kByteFallback) found.byte_fallback = field.value != 0;
    if (field.number == kSpaceBehind) found.space_behind = field.value != 0;
    if (field.number == kUnknownId) model.unknown = id;
    if (field.number == kBeginId) model.begin = id;
    if (field.number == kEndId) model.end = id;
  });
}

bool read_normalizer(std::string_view message, SentencepieceModel& model, Description& found) {
  return for_each_field(message, [&](const Field& field) {
    if (field.number == kCharacterMap) found.maps_characters = !field.bytes.empty();
    if (field.number == kDummyPrefix) model.dummy_prefix = field.value != 0;
    if (field.number == kNoExtraSpaces) found.removes_spaces = field.value != 0;
    if (field.number == kEscapeSpaces) found.escapes_spaces = field.value != 0;
  });
}

void require_plain(const fs::path& path, const Description& found) {
  const char* why = nullptr;
  if (found.type != kBpe) why = "it is no BPE";
  if (!found.byte_fallback) why = "it has no byte pieces";
  if (found.maps_characters) why = "it replaces characters of a text";
  if (found.removes_spaces) why = "it removes spaces of a text";
  if (!found.escapes_spaces || found.space_behind) why = "it treats spaces in a way of its own";
  if (why != nullptr)
    throw Error(
        "{}: {}, so its tokens would not be found here; use a checkpoint that has a "
        "tokenizer.json",
        path.string(), why);
}

void require_sound_pieces(const fs::path& path, const SentencepieceModel& model) {
  std::set<std::string_view> texts;
  for (const Piece& piece : model.pieces) {
    if (piece.text.empty() || !is_utf8(piece.text) || !texts.insert(piece.text).second)
      throw Error("{}: piece '{}' is empty, twice there or no UTF-8; get the file again",
                  path.string(), shown(piece.text));
    if (piece.kind == PieceKind::user_defined || piece.kind < PieceKind::normal ||
        piece.kind > PieceKind::byte)
      throw Error(
          "{}: piece '{}' is of a kind that is not read here (user-defined); use a "
          "checkpoint that has a tokenizer.json",
          path.string(), shown(piece.text));
  }
  const auto count = static_cast<int32_t>(model.pieces.size());
  for (const int32_t id : {model.unknown, model.begin, model.end})
    if (id < -1 || id >= count)
      throw Error("{}: names token {}, but has {} pieces; get the file again", path.string(), id,
                  count);
  if (model.unknown < 0) throw Error("{}: has no unknown piece; get the file again", path.string());
}

}  // namespace

SentencepieceModel read_sentencepiece(const fs::path& path) {
  const std::string bytes = read_bounded(path);
  SentencepieceModel model;
  Description found;
  bool whole = true;
  whole &= for_each_field(bytes, [&](const Field& field) {
    if (field.number == kPieces) whole &= read_piece(field.bytes, model.pieces.emplace_back());
    if (field.number == kTrainer) whole &= read_trainer(field.bytes, model, found);
    if (field.number == kNormalizer) whole &= read_normalizer(field.bytes, model, found);
  });
  if (!whole || model.pieces.empty())
    throw Error("{}: not a whole sentencepiece model; get it again", path.string());
  require_plain(path, found);
  require_sound_pieces(path, model);
  return model;
}

}  // namespace repro::exchange
