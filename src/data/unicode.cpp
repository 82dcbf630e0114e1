#include "data/unicode.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>

namespace repro::data {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Length of a well-formed sequence at `at`, 0 when malformed.
size_t sequence_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return is_continuation(byte(1)) ? 2 : 0;
  if (lead >= 0xE0 && lead < 0xF0) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
    return is_continuation(byte(1)) && is_continuation(byte(2)) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    const bool outside = (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90);
    return is_continuation(byte(1)) && is_continuation(byte(2)) && is_continuation(byte(3)) &&
                   !outside
               ? 4
               : 0;
  }
  return 0;
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

}  // namespace

char32_t next_code_point(std::string_view text, size_t& at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return static_cast<unsigned char>(text[at++]);
  const size_t length = sequence_length(text, at);
  if (length == 0) {
    ++at;
    return kReplacement;
  }
  const auto lead = static_cast<unsigned char>(text[at]);
  char32_t code = length == 1 ? lead : lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i)
    code = (code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  at += length;
  return code;
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length =
        static_cast<unsigned char>(text[at]) < 0x80 ? 1 : sequence_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool is_space(char32_t code) {
  if (code < 0x80)
    return code == ' ' || (code >= 0x09 && code <= 0x0D) || (code >= 0x1C && code <= 0x1F);
  return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) ||
         code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_letter(char32_t code) {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  if (code < 0x250)
    return code == 0xAA || code == 0xB5 || code == 0xBA ||
           (code >= 0xC0 && code != 0xD7 && code != 0xF7);
  return (code >= 0x250 && code < 0x2B0) || (code >= 0x370 && code < 0x590 && code != 0x37E) ||
         (code >= 0x5D0 && code < 0x5EB) || (code >= 0x620 && code < 0x64B) ||
         (code >= 0x904 && code < 0xE00) || (code >= 0x1E00 && code < 0x2000) ||
         (code >= 0x3041 && code < 0xA48D) || (code >= 0xAC00 && code < 0xD7A4) ||
         (code >= 0x20000 && code < 0x32000);
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

std::string to_utf8(std::string_view text, const std::string& charset) {
  const iconv_t converter = iconv_open("UTF-8", charset.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) return latin1_to_utf8(text);
  std::string out;
  std::array<char, 1 << 14> buffer;
  char* from = const_cast<char*>(text.data());  // iconv's interface; it does not write there
  size_t left = text.size();
  while (left > 0) {
    char* to = buffer.data();
    size_t room = buffer.size();
    const size_t code = iconv(converter, &from, &left, &to, &room);
    out.append(buffer.data(), static_cast<size_t>(to - buffer.data()));
    if (code == static_cast<size_t>(-1) && errno != E2BIG) {
      out += kReplacementUtf8;
      ++from;
      --left;
    }
  }
  iconv_close(converter);
  return out;
}

}  // namespace repro::data
