#include "data/formats/charset.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>

#include "base/unicode.hpp"

namespace repro::data {
namespace {

constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

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
  return well_formed(out);  // the library passes on code points that Unicode does not have
}

}  // namespace repro::data
