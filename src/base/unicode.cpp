#include "base/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace repro {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// The code point at `at` and its length; nothing (0) when malformed.
size_t decode(std::string_view text, size_t at, utf8proc_int32_t& code) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
  const auto left = static_cast<utf8proc_ssize_t>(text.size() - at);
  const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &code);
  return length > 0 ? static_cast<size_t>(length) : 0;
}

utf8proc_category_t category(char32_t code) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return static_cast<unsigned char>(text[at++]);
  utf8proc_int32_t code = 0;
  const size_t length = decode(text, at, code);
  at += length == 0 ? 1 : length;
  return length == 0 ? kReplacement : static_cast<char32_t>(code);
}

bool is_utf8(std::string_view text) {
  utf8proc_int32_t code = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = static_cast<unsigned char>(text[at]) < 0x80 ? 1 : decode(text, at, code);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool is_space(char32_t code) {
  if (code < 0x80)
    return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
  if (code == 0x85) return true;  // "next line" is a control character to the tables
  const utf8proc_category_t kind = category(code);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL ||
         kind == UTF8PROC_CATEGORY_ZP;
}

bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  switch (category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return true;
    default:
      return false;
  }
}

void append_collapsed(std::string& out, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (is_space(next_code_point(text, at))) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out.append(text, begin, at - begin);
    }
  }
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();)
    width += static_cast<size_t>(
        utf8proc_charwidth(static_cast<utf8proc_int32_t>(next_code_point(text, at))));
  return width;
}

std::string_view stripped(std::string_view text) {
  size_t begin = text.size(), end = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t from = at;
    if (is_space(next_code_point(text, at))) continue;
    begin = std::min(begin, from);
    end = at;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

std::string capitalized(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t from = at;
    const auto code = static_cast<utf8proc_int32_t>(next_code_point(text, at));
    const utf8proc_int32_t other = from == 0 ? utf8proc_totitle(code) : utf8proc_tolower(code);
    if (other == code) {
      result += text.substr(from, at - from);
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto length = utf8proc_encode_char(other, bytes);
    result.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  }
  return result;
}

}  // namespace repro
