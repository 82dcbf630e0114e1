#pragma once
// Text in the charsets of old pages, as UTF-8.

#include <string>
#include <string_view>

namespace repro::data {

// `text` in `charset` (a name iconv knows) as UTF-8. Bytes that are invalid in it become U+FFFD;
// an unknown charset is read as Latin-1.
std::string to_utf8(std::string_view text, const std::string& charset);

}  // namespace repro::data
