#pragma once
// The directory at a zip's end, which a reader of streams does not reach: whether it speaks of the
// members that the stream held, all of them and no others.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace repro::data {

constexpr size_t kLongestZipEnd = 22 + 65535;  // the record and the archive's comment

// `tail`: the last kLongestZipEnd bytes of the archive (or all), which holds `bytes` and, in its
// stream, `members`. What is wrong, in words; nothing when they fit.
std::optional<std::string> zip_end_problem(std::string_view tail, uint64_t bytes, uint64_t members);

}  // namespace repro::data
