#pragma once
// Named tensors in a file, as checkpoints and embedding tables store them; knows nothing of
// LibTorch. Format (safetensors): 8-byte little-endian header length; a JSON object name ->
// {"dtype", "shape", "data_offsets": [begin, end)} with an optional "__metadata__" of strings,
// padded with spaces so that the data starts at a multiple of 8; then the tensors' bytes,
// row-major, little-endian, without holes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace repro {

struct SafetensorsTensor {
  std::string name;
  std::string dtype;  // "F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", ...
  std::vector<int64_t> shape;
  std::span<const std::byte> data;

  int64_t elements() const;
};

// Bytes an element of `dtype` takes, 0 for an unknown name.
size_t safetensors_element_bytes(std::string_view dtype);

// A memory-mapped file. Error when it is missing, truncated, or its header does not describe its
// bytes exactly (unknown dtype, size unlike the shape, holes, overlaps).
class SafetensorsView {
 public:
  explicit SafetensorsView(const std::filesystem::path& path);

  const std::map<std::string, SafetensorsTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(const std::string& name) const { return tensors_.contains(name); }
  // Error naming the file when absent.
  const SafetensorsTensor& operator[](const std::string& name) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::map<std::string, SafetensorsTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

// What a file is to hold under one name: the elements of the pieces in turn. Floating-point pieces
// of another type than `dtype` are rounded to it.
struct SafetensorsPieces {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  std::string pieces_dtype;
  std::vector<std::span<const std::byte>> pieces;
};

// Writes the tensors in the order given; atomic and synced to disk. Equal input gives equal bytes.
// Error when a finite number is too large for the type it is rounded to.
void write_safetensors(const std::filesystem::path& path,
                       std::span<const SafetensorsTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});
void write_safetensors(const std::filesystem::path& path,
                       std::span<const SafetensorsPieces> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace repro
