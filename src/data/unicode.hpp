#pragma once
// As much Unicode as cleaning text needs: decoding, white space, letters, and old charsets.

#include <cstdint>
#include <string>
#include <string_view>

namespace repro::data {

// The code point at `at`, which moves behind it; U+FFFD for one malformed byte.
char32_t next_code_point(std::string_view text, size_t& at);
bool is_utf8(std::string_view text);

bool is_space(char32_t code);   // as Python's str.split() sees it
bool is_letter(char32_t code);  // alphabets, syllabaries and ideographs in common use

// Appends `text` with every run of white space made one space and none at the beginning.
// `out` may already end with a space, which then counts as the run's first.
void append_collapsed(std::string& out, std::string_view text);

// `text` in `charset` (a name iconv knows) as UTF-8. Bytes that are invalid in it become U+FFFD;
// an unknown charset is read as Latin-1.
std::string to_utf8(std::string_view text, const std::string& charset);

}  // namespace repro::data
