#pragma once
// UTF-8 and the properties of its characters, by the Unicode tables of utf8proc.

#include <cstddef>
#include <string>
#include <string_view>

namespace repro {

// The code point at `at`, which moves behind it; U+FFFD for one malformed byte.
char32_t next_code_point(std::string_view text, size_t& at);
bool is_utf8(std::string_view text);
// `text` with U+FFFD for each malformed byte.
std::string well_formed(std::string_view text);

bool is_space(char32_t code);   // as Python's str.split() sees it
bool is_letter(char32_t code);  // of any alphabet, syllabary or ideographic script

// Appends `text` with every run of white space made one space and none at the beginning.
// `out` may already end with a space, which then counts as the run's first.
void append_collapsed(std::string& out, std::string_view text);

// Without white space at both ends, as Python's str.strip() sees it.
std::string_view stripped(std::string_view text);
// The first character in title case, the rest in lower case, by the simple mappings; characters
// whose case is more than one character stay as they are.
std::string capitalized(std::string_view text);

// In Unicode's normal form C; UTF-8 in, UTF-8 out. Error when it is none.
std::string nfc(std::string_view text);

// `text` as it may be shown anywhere. What steers a terminal or reorders a line becomes U+FFFD:
// control characters but newline and tab, DEL, C1, bidirectional embeddings, overrides and
// isolates, and malformed bytes.
std::string printable(std::string_view text);
// The same on one line: newlines, tabs and Unicode's separators of lines become spaces.
std::string printable_line(std::string_view text);

// Whether `text` may be the name of a file or folder of ours as it is: letters of any script,
// digits and - _ . +, beginning with a letter or digit, at most 120 bytes. No path, no option, no
// hidden file.
bool is_plain_name(std::string_view text);

// Columns that text takes on a terminal: combining marks 0, East Asian wide characters 2.
size_t display_width(std::string_view text);

}  // namespace repro
