#include "import/log_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace repro::imports {
namespace {

constexpr double kLargestCount = 9007199254740992.0;  // 2^53: beyond it a double skips integers

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// By the first bytes, whatever the file is called.
void refuse_compressed(std::string_view bytes, const std::string& file) {
  struct Packing {
    std::string_view magic;
    const char* name;
    const char* command;
  };
  static constexpr std::array kPackings = {Packing{"\x1f\x8b", "gzip", "gzip -dc"},
                                           Packing{"\x28\xb5\x2f\xfd", "zstd", "zstd -dc"},
                                           Packing{"\xfd"
                                                   "7zXZ",
                                                   "xz", "xz -dc"},
                                           Packing{"BZh", "bzip2", "bzip2 -dc"},
                                           Packing{"PK\x03\x04", "zip", "unzip -p"},
                                           Packing{"\x04\x22\x4d\x18", "lz4", "lz4 -dc"}};
  for (const Packing& packing : kPackings)
    if (bytes.starts_with(packing.magic))
      throw Error(Exit::bad_log, "{}: is compressed with {}; unpack it first: {} {} > {}", file,
                  packing.name, packing.command, shell_quoted(file),
                  shell_quoted(fs::path(file).stem().string()));
}

void append_utf8(std::string& out, char32_t code) {
  const auto byte = [&](char32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

std::string from_utf16(std::string_view bytes, bool big_endian) {
  std::string text;
  const auto unit = [&](size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<char32_t>(big_endian ? first << 8 | second : second << 8 | first);
  };
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t code = unit(at);
    const bool high = code >= 0xD800 && code < 0xDC00 && at + 3 < bytes.size();
    if (high && unit(at + 2) >= 0xDC00 && unit(at + 2) < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
      at += 2;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    append_utf8(text, code);
  }
  return text;
}

// Without a mark, UTF-16 of a log shows by its zeros: every other byte of a line.
std::optional<bool> unmarked_utf16(std::string_view bytes) {
  const std::string_view begin = bytes.substr(0, 64 & ~size_t{1});
  size_t even = 0, odd = 0;
  for (size_t at = 0; at < begin.size(); ++at)
    if (begin[at] == '\0') ++(at % 2 == 0 ? even : odd);
  const size_t many = begin.size() / 4;
  if (begin.size() < 8) return std::nullopt;
  if (odd > many && even == 0) return false;
  if (even > many && odd == 0) return true;
  return std::nullopt;
}

size_t digits_at(std::string_view text, size_t at) {
  size_t count = 0;
  while (at + count < text.size() && is_digit(text[at + count])) ++count;
  return count;
}

// "1,234,567": groups of three behind the first, or no commas at all. The length read, 0 for none;
// what is left to read shows whether it was all.
size_t integer_length(std::string_view text, std::string& digits) {
  size_t at = digits_at(text, 0);
  digits = text.substr(0, at);
  if (at == 0 || at > 3) return at;
  while (at < text.size() && text[at] == ',' && digits_at(text, at + 1) == 3) {
    digits += text.substr(at + 1, 3);
    at += 4;
  }
  return at;
}

// The length of "nan", "inf" or "infinity" at the beginning, 0 for none.
size_t word_length(std::string_view text, double& value) {
  size_t length = 0;
  while (length < text.size() && is_word(text[length])) ++length;
  const std::string_view word = text.substr(0, length);
  if (equal_ignoring_case(word, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
    return length;
  }
  if (equal_ignoring_case(word, "inf") || equal_ignoring_case(word, "infinity")) {
    value = std::numeric_limits<double>::infinity();
    return length;
  }
  return 0;
}

// The length of the number's spelling at the beginning of `text`, 0 for none.
size_t spelled_number(std::string_view text, double& value) {
  const size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const double factor = sign == 1 && text[0] == '-' ? -1 : 1;
  if (const size_t word = word_length(text.substr(sign), value); word > 0) {
    value *= factor;
    return sign + word;
  }
  std::string digits;
  size_t at = sign + integer_length(text.substr(sign), digits);
  if (at < text.size() && text[at] == '.') {
    const size_t decimals = digits_at(text, at + 1);
    if (digits.empty() && decimals == 0) return 0;
    digits += text.substr(at, 1 + decimals);
    at += 1 + decimals;
  }
  if (digits.empty()) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const size_t exponent_sign =
        at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+') ? 1 : 0;
    const size_t exponent = digits_at(text, at + 1 + exponent_sign);
    if (exponent == 0) return 0;
    digits += text.substr(at, 1 + exponent_sign + exponent);
    at += 1 + exponent_sign + exponent;
  }
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  // Beyond every double, like 1e400: infinite, which every reader refuses or counts.
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<double>::infinity();
  if (error == std::errc::invalid_argument) return 0;
  value *= factor;
  return at;
}

// Nothing that continues a number, or makes another thing of it.
bool ends_number(std::string_view rest) {
  if (rest.empty()) return true;
  for (const std::string_view unit : {"ms", "s", "%"})
    if (rest.starts_with(unit) && (rest.size() == unit.size() || !is_word(rest[unit.size()])))
      return true;
  if (is_word(rest[0])) return false;
  const bool joins = rest[0] == '.' || rest[0] == ',' || rest[0] == ':';
  return !(joins && rest.size() > 1 && is_digit(rest[1]));
}

}  // namespace

std::string Place::text() const { return fmt::format("{}:{}", file, line); }

std::string read_text(const std::filesystem::path& path) {
  std::string bytes = read_file(path);
  refuse_compressed(bytes, path.string());
  if (bytes.starts_with("\xEF\xBB\xBF")) return bytes.substr(3);
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(std::string_view(bytes).substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(std::string_view(bytes).substr(2), true);
  if (const auto big_endian = unmarked_utf16(bytes)) return from_utf16(bytes, *big_endian);
  if (bytes.substr(0, 4096).find('\0') != std::string::npos)
    throw Error(Exit::bad_log, "{}: is a binary file, not text; give the log as it was printed",
                path.string());
  return bytes;
}

std::optional<double> leading_number(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
  double value = 0;
  const size_t length = spelled_number(text, value);
  if (length == 0 || !ends_number(text.substr(length))) return std::nullopt;
  return value;
}

std::optional<double> whole_number_text(std::string_view text) {
  text = trim(text);
  if (text.find(',') != std::string_view::npos) return std::nullopt;
  double value = 0;
  const size_t length = spelled_number(text, value);
  return length > 0 && length == text.size() ? std::optional(value) : std::nullopt;
}

std::string_view text_after(std::string_view line, std::string_view key) {
  for (size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1))
    if (at == 0 || !is_word(line[at - 1]) || !is_word(key[0])) return line.substr(at + key.size());
  return {};
}

std::optional<double> number_after(std::string_view line, std::string_view key) {
  return leading_number(text_after(line, key));
}

std::optional<double> clock_seconds(std::string_view text) {
  text = trim(text);
  double days = 0;
  if (const size_t day = text.find(" day"); day != std::string_view::npos) {
    const auto count = whole_number_text(text.substr(0, day));
    const size_t comma = text.find(',');
    if (!count || comma == std::string_view::npos) return std::nullopt;
    days = *count;
    text = trim(text.substr(comma + 1));
  }
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  double seconds = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || !is_digit(parts[i][0])) return std::nullopt;
    const auto part = whole_number_text(parts[i]);
    if (!part || (i > 0 && *part >= 60) || (i < 2 && *part != std::floor(*part)))
      return std::nullopt;
    seconds = seconds * 60 + *part;
  }
  return days * 86400 + seconds;
}

int64_t checked_count(double value, std::string_view what, const Place& place) {
  if (!(value >= 0) || value > kLargestCount || value != std::floor(value))
    throw Error(Exit::bad_log, "{}: {} = {}: expected a whole number from 0 to 2^53; mend the line",
                place.text(), what, value);
  return static_cast<int64_t>(value);
}

int64_t checked_product(int64_t a, int64_t b, std::string_view what, const Place& place) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  if (product > kLargestCount)
    throw Error(Exit::bad_log, "{}: {} = {} x {}: more than 2^53; mend the line or the option",
                place.text(), what, a, b);
  return a * b;
}

bool means_no_value(std::string_view text) {
  text = trim(text);
  static constexpr std::array<std::string_view, 7> kWords = {"",   "none", "null", "n/a",
                                                             "na", "-",    "--"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return equal_ignoring_case(text, word); });
}

std::string excerpt(std::string_view line) {
  constexpr size_t kLongest = 80;
  std::string shown(trim(line).substr(0, kLongest));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  return trim(line).size() > kLongest ? shown + "..." : shown;
}

std::optional<int64_t> rank_of(std::string_view line) {
  line = trim(line);
  const auto digits = [](std::string_view text, std::string_view end) -> std::optional<int64_t> {
    const size_t count = digits_at(text, 0);
    if (count == 0 || count > 6 || !text.substr(count).starts_with(end)) return std::nullopt;
    int64_t rank = 0;
    std::from_chars(text.data(), text.data() + count, rank);
    return rank;
  };
  for (const std::string_view begin : {"[rank", "[default", "[Rank ", "[rank "})
    if (line.starts_with(begin)) return digits(line.substr(begin.size()), "]");
  return digits(line, ": ");
}

}  // namespace repro::imports
