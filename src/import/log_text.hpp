#pragma once
// The text of a file that another program wrote, and the numbers in it. A number is read whole or
// not at all: "3.0abc", "3,14" and "0:10:00" are none, so that no part of one is taken for it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace repro::imports {

// Where something stands, for messages: "file:line".
struct Place {
  std::string file;
  size_t line = 0;
  std::string text() const;
};

// The file as UTF-8 without a byte order mark; UTF-16 (what a shell on Windows writes) is decoded.
// Error of exit bad_log for a compressed or binary file, with the command that unpacks it.
std::string read_text(const std::filesystem::path& path);

// The number at the beginning of `text`, after blanks: 12, -1.5E-3, 1,234,567, nan, inf, -Infinity.
// What follows it must end a word, or be one of the units "ms", "s", "%".
std::optional<double> leading_number(std::string_view text);
// leading_number() of all of `text`: nothing but blanks may follow, and no comma may stand in it.
std::optional<double> whole_number_text(std::string_view text);
// After `key`, which begins a word.
std::optional<double> number_after(std::string_view line, std::string_view key);
// What stands behind `key`, which begins a word; empty when it does not stand in the line.
std::string_view text_after(std::string_view line, std::string_view key);

// "0:10:00", "5:13:22.5", "1 day, 2:00:00" -> seconds.
std::optional<double> clock_seconds(std::string_view text);

// A count that other numbers are computed from: whole, 0 to 2^53. Error "file:line: what = ...".
int64_t checked_count(double value, std::string_view what, const Place& place);
// Product of two counts, likewise.
int64_t checked_product(int64_t a, int64_t b, std::string_view what, const Place& place);

// "nan", "None", "null", "N/A", "-" and blanks: what programs write where there is no value.
bool means_no_value(std::string_view text);

// As much of a line as a message can show, without control characters.
std::string excerpt(std::string_view line);

// "[rank3]: ", "[default3]:", "3: " (srun -l): which process printed a line.
std::optional<int64_t> rank_of(std::string_view line);

}  // namespace repro::imports
