#include "data/formats/dictionary.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/formats/readers.hpp"

namespace repro::data {
namespace {

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<size_t> base64_number(std::string_view digits) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr size_t kMostDigits = 8;  // 48 bits
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  size_t number = 0;
  for (const char c : digits) {
    const size_t value = kDigits.find(c);
    if (value == kDigits.npos) return std::nullopt;
    number = number * kDigits.size() + value;
  }
  return number;
}

void drop_trailing_space(std::string& text) {
  if (text.ends_with(' ')) text.pop_back();
}

// Where the text goes on behind a respelling that begins at `begin`, and behind the pronunciation
// in parentheses that may follow; `begin` when it is none.
size_t after_respelling(std::string_view text, size_t begin) {
  const size_t end = text.find('\\', begin + 1);
  if (end == text.npos) return begin;
  if (text.substr(end + 1, 2) != " (") return end + 1;
  const size_t close = text.find(')', end + 1);
  return close == text.npos ? end + 1 : close + 1;
}

// `out` ends with a bracket's content, which begins at `begin` (or earlier, where a bracket in it
// took the space before itself along); `next` follows the bracket.
void close_bracket(std::string& out, size_t begin, char next) {
  begin = std::min(begin, out.size());
  std::string letters;
  for (const char c : out.substr(begin))
    if (is_ascii_letter(c)) letters += c;
  out.resize(begin);
  const bool in_word = is_ascii_letter(next) || (!out.empty() && is_ascii_letter(out.back()));
  if (in_word) {
    out += letters;
  } else {
    drop_trailing_space(out);
  }
}

}  // namespace

std::string entry_text(std::string_view paragraph) {
  std::string out;
  std::vector<size_t> open;  // where the contents of the open brackets begin in `out`
  for (size_t at = 0; at < paragraph.size(); ++at) {
    const char c = paragraph[at];
    if (c == '{' || c == '}') continue;
    if (c == '\\' && out.ends_with(' ')) {
      if (const size_t after = after_respelling(paragraph, at); after != at) {
        drop_trailing_space(out);
        at = after - 1;
        continue;
      }
    }
    if (c == '[') {
      open.push_back(out.size());
    } else if (c == ']' && !open.empty()) {
      close_bracket(out, open.back(), at + 1 < paragraph.size() ? paragraph[at + 1] : ' ');
      open.pop_back();
    } else {
      out += c;
    }
  }
  return std::string(trim(out));
}

void read_dictionary(std::string_view index, std::string_view text, const std::string& where,
                     const std::function<void(const std::string& id,
                                              std::vector<std::string>&& paragraphs)>& visit) {
  std::map<std::pair<size_t, size_t>, std::string> entries;  // (offset, length) -> headword
  int64_t number = 0;
  for (const std::string& line : split(index, '\n')) {
    ++number;
    if (line.empty()) continue;
    const std::vector<std::string> fields = split(line, '\t');
    const auto offset = fields.size() >= 3 ? base64_number(fields[1]) : std::nullopt;
    const auto length = fields.size() >= 3 ? base64_number(fields[2]) : std::nullopt;
    if (!offset || !length)
      throw Error("{}: line {}: expected headword, offset and length, got '{}'", where, number,
                  line);
    if (*offset + *length > text.size())
      throw Error("{}: line {}: entry '{}' ends at byte {}, the text has {}", where, number,
                  fields[0], *offset + *length, text.size());
    if (!fields[0].starts_with("00")) entries.try_emplace({*offset, *length}, fields[0]);
  }
  for (const auto& [place, headword] : entries) {
    std::vector<std::string> paragraphs;
    for (const std::string& paragraph : text_paragraphs(text.substr(place.first, place.second)))
      if (std::string kept = entry_text(paragraph); !kept.empty())
        paragraphs.push_back(std::move(kept));
    visit(headword, std::move(paragraphs));
  }
}

}  // namespace repro::data
