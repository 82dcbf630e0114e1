#include "base/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/narrow_floats.hpp"
#include "base/text.hpp"

namespace repro {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaximumHeader = 100'000'000;  // the published reader's limit

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& why) {
  throw Error("{}: not a whole safetensors file: {}; delete it or restore it", path.string(), why);
}

json read_header(const std::filesystem::path& path, std::span<const std::byte> bytes,
                 size_t& data_begin) {
  if (bytes.size() < kLengthBytes) damaged(path, fmt::format("it has {} bytes", bytes.size()));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaximumHeader || length > bytes.size() - kLengthBytes)
    damaged(path,
            fmt::format("its header of {} bytes does not fit in {} bytes", length, bytes.size()));
  data_begin = kLengthBytes + length;
  const char* text = reinterpret_cast<const char*>(bytes.data()) + kLengthBytes;
  json header = parse_json({text, length});
  if (!header.is_object()) damaged(path, "its header is not a JSON object");
  return header;
}

uint64_t elements_of(const std::vector<int64_t>& shape, bool& valid) {
  uint64_t product = 1;
  for (int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(product, static_cast<uint64_t>(size), &product))
      valid = false;
  }
  return product;
}

// One entry of the header; its bytes are looked up in `data`.
SafetensorsTensor read_entry(const std::filesystem::path& path, const std::string& name,
                             const json& entry, std::span<const std::byte> data) {
  SafetensorsTensor tensor{.name = name, .dtype = "", .shape = {}, .data = {}};
  std::vector<uint64_t> offsets;
  try {
    tensor.dtype = entry.at("dtype").get<std::string>();
    tensor.shape = entry.at("shape").get<std::vector<int64_t>>();
    offsets = entry.at("data_offsets").get<std::vector<uint64_t>>();
  } catch (const json::exception&) {
    damaged(path, fmt::format("tensor '{}' lacks a proper dtype, shape or data_offsets", name));
  }
  const size_t width = safetensors_element_bytes(tensor.dtype);
  if (width == 0)
    damaged(path, fmt::format("tensor '{}' has unknown dtype '{}'", name, tensor.dtype));
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size())
    damaged(path,
            fmt::format("tensor '{}' lies outside the file's {} bytes of data", name, data.size()));
  bool valid = true;
  const uint64_t elements = elements_of(tensor.shape, valid);
  if (!valid || elements != (offsets[1] - offsets[0]) / width ||
      (offsets[1] - offsets[0]) % width != 0)
    damaged(path, fmt::format("tensor '{}' has {} bytes, not those of its shape", name,
                              offsets[1] - offsets[0]));
  tensor.data = data.subspan(offsets[0], offsets[1] - offsets[0]);
  return tensor;
}

// Tensors must tile the data: a hole or an overlap means that the header is not this data's.
void require_tiling(const std::filesystem::path& path, std::span<const std::byte> data,
                    const std::map<std::string, SafetensorsTensor>& tensors) {
  std::vector<std::span<const std::byte>> pieces;
  for (const auto& [name, tensor] : tensors) pieces.push_back(tensor.data);
  std::sort(pieces.begin(), pieces.end(), [](auto left, auto right) {
    return std::pair(left.data(), left.size()) < std::pair(right.data(), right.size());
  });
  const std::byte* end = data.data();
  for (const auto& piece : pieces) {
    if (piece.data() != end) damaged(path, "its tensors overlap or leave a hole");
    end += piece.size();
  }
  if (end != data.data() + data.size())
    damaged(path, fmt::format("{} bytes follow the last tensor", data.data() + data.size() - end));
}

// Of a tensor whose pieces are what its shape says.
uint64_t written_bytes(const SafetensorsPieces& tensor) {
  uint64_t elements = 1, given = 0;
  for (const int64_t size : tensor.shape) elements *= static_cast<uint64_t>(size);
  for (const auto& piece : tensor.pieces) given += piece.size();
  check(given == elements * safetensors_element_bytes(tensor.pieces_dtype),
        "a tensor's bytes are those of its shape and dtype");
  return elements * safetensors_element_bytes(tensor.dtype);
}

// Chunk by chunk: a piece may be larger than the memory that is free.
void write_piece(const std::filesystem::path& path, const SafetensorsPieces& tensor,
                 std::span<const std::byte> piece, AtomicFile& file) {
  constexpr size_t kChunkBytes = 1 << 20;
  std::string rounded;
  for (size_t at = 0; at < piece.size(); at += kChunkBytes) {
    const auto chunk = piece.subspan(at, std::min(kChunkBytes, piece.size() - at));
    if (tensor.dtype == tensor.pieces_dtype) {
      file.write(chunk);
      continue;
    }
    rounded.clear();
    if (!append_floats(chunk, tensor.pieces_dtype, tensor.dtype, rounded))
      throw Error("{}: tensor '{}' holds a number that is too large for {}; take another precision",
                  path.string(), tensor.name, tensor.dtype);
    file.write(rounded);
  }
}

}  // namespace

int64_t SafetensorsTensor::elements() const {
  int64_t product = 1;
  for (int64_t size : shape) product *= size;
  return product;
}

size_t safetensors_element_bytes(std::string_view dtype) {
  static const std::map<std::string_view, size_t> kBytes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
      {"I16", 2},  {"U16", 2}, {"F16", 2}, {"BF16", 2},    {"I32", 4},
      {"U32", 4},  {"F32", 4}, {"I64", 8}, {"U64", 8},     {"F64", 8}};
  const auto found = kBytes.find(dtype);
  return found == kBytes.end() ? 0 : found->second;
}

SafetensorsView::SafetensorsView(const std::filesystem::path& path) : path_(path), file_(path) {
  size_t data_begin = 0;
  const json header = read_header(path, file_.bytes(), data_begin);
  const auto data = file_.bytes().subspan(data_begin);
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      tensors_.emplace(name, read_entry(path, name, entry, data));
      continue;
    }
    if (!entry.is_object()) damaged(path, "its __metadata__ is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) damaged(path, fmt::format("metadata '{}' is not a string", key));
      metadata_[key] = value.get<std::string>();
    }
  }
  require_tiling(path, data, tensors_);
}

const SafetensorsTensor& SafetensorsView::operator[](const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [key, tensor] : tensors_) names.push_back(key);
  throw Error("{}: no tensor '{}'{}", path_.string(), name, did_you_mean(name, names));
}

void write_safetensors(const std::filesystem::path& path,
                       std::span<const SafetensorsTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<SafetensorsPieces> whole;
  for (const SafetensorsTensor& tensor : tensors)
    whole.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.dtype, {tensor.data}});
  write_safetensors(path, whole, metadata);
}

void write_safetensors(const std::filesystem::path& path,
                       std::span<const SafetensorsPieces> tensors,
                       const std::map<std::string, std::string>& metadata) {
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  std::set<std::string> names;
  for (const SafetensorsPieces& tensor : tensors) {
    check(names.insert(tensor.name).second && tensor.name != "__metadata__",
          "tensor names are unique");
    const uint64_t bytes = written_bytes(tensor);
    // By its brackets it would look through all that are there already.
    header.get_ref<ordered_json::object_t&>().emplace_back(
        tensor.name, ordered_json{{"dtype", tensor.dtype},
                                  {"shape", tensor.shape},
                                  {"data_offsets", {offset, offset + bytes}}});
    offset += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::string_view(reinterpret_cast<const char*>(&length), kLengthBytes));
  file.write(text);
  for (const SafetensorsPieces& tensor : tensors)
    for (const auto& piece : tensor.pieces) write_piece(path, tensor, piece, file);
  file.commit();
}

}  // namespace repro
