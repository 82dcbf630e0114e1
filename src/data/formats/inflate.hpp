#pragma once
// zlib's two formats: gzip streams, with length and CRC verified (libarchive does not), and the
// single zlib blocks inside SWORD modules; and xz, whose decoder holds no more memory than the
// budget allows (libarchive's holds a gigabyte).

#include <memory>
#include <string>
#include <string_view>

#include "data/formats/input.hpp"

namespace repro::data {

std::unique_ptr<Input> gunzip(std::unique_ptr<Input> input);
std::unique_ptr<Input> unxz(std::unique_ptr<Input> input);

// One zlib stream (RFC 1950) that must give exactly `bytes` bytes; Error otherwise, beginning with
// `where`.
std::string inflate_block(std::string_view compressed, size_t bytes, const std::string& where);

}  // namespace repro::data
