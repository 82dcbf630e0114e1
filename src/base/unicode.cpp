#include "base/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"

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

// C0, DEL and C1.
bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

// Embeddings and overrides, isolates.
bool turns_text(char32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

bool breaks_line(char32_t code) {
  return code == '\n' || code == '\t' || code == 0x2028 || code == 0x2029;
}

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string shown_as(std::string_view text, bool one_line) {
  if (is_plain_ascii(text)) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const char32_t code = next_code_point(text, at);
    const bool malformed = code == kReplacement && text.substr(begin, at - begin) != "\uFFFD";
    if (breaks_line(code) && one_line) {
      out += ' ';
    } else if (malformed || turns_text(code) || (is_control(code) && !breaks_line(code))) {
      out += "\uFFFD";
    } else {
      out.append(text, begin, at - begin);
    }
  }
  return out;
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

std::string well_formed(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    if (next_code_point(text, at) == kReplacement)
      out += "\uFFFD";
    else
      out.append(text, begin, at - begin);
  }
  return out;
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

std::string nfc(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; }))
    return std::string(text);
  utf8proc_uint8_t* composed = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &composed, options);
  if (length < 0) throw Error("a text is not UTF-8: {}", utf8proc_errmsg(length));
  std::string result(reinterpret_cast<const char*>(composed), static_cast<size_t>(length));
  std::free(composed);
  return result;
}

std::string printable(std::string_view text) { return shown_as(text, /*one_line=*/false); }

std::string printable_line(std::string_view text) { return shown_as(text, /*one_line=*/true); }

bool is_plain_name(std::string_view text) {
  constexpr size_t kLongest = 120;
  const size_t size = text.size();
  for (size_t at = 0; at < size;) {
    const bool first = at == 0;
    const char32_t code = next_code_point(text, at);
    const bool sign = code == '-' || code == '_' || code == '.' || code == '+';
    if (!is_letter(code) && !(code >= '0' && code <= '9') && (first || !sign)) return false;
  }
  return size > 0 && size <= kLongest;
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
