#include "data/sword.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/error.hpp"
#include "data/inflate.hpp"
#include "data/unicode.hpp"

namespace repro::data {
namespace {

struct BlockRecord {
  uint32_t offset;
  uint32_t size;
  uint32_t uncompressed;
};
static_assert(sizeof(BlockRecord) == 12 && std::endian::native == std::endian::little);

constexpr uint32_t kLargestBlock = 1 << 27;

std::string_view tag_name(std::string_view tag) {
  if (tag.starts_with('/')) tag.remove_prefix(1);
  return tag.substr(0, tag.find_first_of(" \t\r\n/>"));
}

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void append_utf8(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | ((code >> 18) & 0x07));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// XML's five named entities and numeric ones; anything else stays as it is.
std::string decode_entities(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const auto named = std::find_if(kNamed.begin(), kNamed.end(), [&](const auto& entry) {
      return rest.starts_with(entry.first);
    });
    const size_t end = rest.find(';');
    if (named != kNamed.end()) {
      out += named->second;
      at += named->first.size();
    } else if (rest.starts_with("&#") && end != rest.npos && end > 2 && end < 12) {
      const bool hex = rest[2] == 'x' || rest[2] == 'X';
      const std::string digits(rest.substr(hex ? 3 : 2, end - (hex ? 3 : 2)));
      append_utf8(out, std::strtoul(digits.c_str(), nullptr, hex ? 16 : 10));
      at += end + 1;
    } else {
      out += rest.front();
      ++at;
    }
  }
  return out;
}

void end_paragraph(std::string& raw, std::vector<std::string>& paragraphs) {
  std::string text;
  append_collapsed(text, decode_entities(raw));
  if (text.ends_with(' ')) text.pop_back();
  if (!text.empty()) paragraphs.push_back(std::move(text));
  raw.clear();
}

}  // namespace

std::vector<std::string> sword_books(std::string_view bzs, std::string_view bzz,
                                     const std::string& where) {
  if (bzs.empty() || bzs.size() % sizeof(BlockRecord) != 0)
    throw Error("{}: a block index of {} bytes is not whole records of 12", where, bzs.size());
  std::vector<std::string> books;
  for (size_t at = sizeof(BlockRecord); at < bzs.size(); at += sizeof(BlockRecord)) {
    BlockRecord record;
    std::memcpy(&record, bzs.data() + at, sizeof(record));
    if (record.offset > bzz.size() || record.size > bzz.size() - record.offset ||
        record.uncompressed > kLargestBlock)
      throw Error("{}: block {} lies outside the {} bytes of its text", where,
                  at / sizeof(BlockRecord), bzz.size());
    books.push_back(
        inflate_block(bzz.substr(record.offset, record.size), record.uncompressed, where));
  }
  return books;
}

std::vector<std::string> osis_paragraphs(std::string_view fragment) {
  static constexpr std::array<std::string_view, 3> kRemoved = {"note", "title", "head"};
  static constexpr std::array<std::string_view, 8> kBreaks = {"p",     "div",     "lb", "br",
                                                              "verse", "chapter", "lg", "l"};
  std::vector<std::string> paragraphs;
  std::string raw;
  for (size_t at = 0; at < fragment.size();) {
    const size_t open = std::min(fragment.find('<', at), fragment.size());
    raw.append(fragment, at, open - at);
    const size_t close = fragment.find('>', open);
    if (close == fragment.npos) break;
    const std::string_view tag = fragment.substr(open + 1, close - open - 1);
    const std::string_view name = tag_name(tag);
    at = close + 1;
    if (is_one_of(name, kBreaks)) end_paragraph(raw, paragraphs);
    if (is_one_of(name, kRemoved) && !tag.starts_with('/') && !tag.ends_with('/')) {
      const size_t end = fragment.find("</" + std::string(name) + ">", at);
      if (end != fragment.npos) at = end + name.size() + 3;
    }
  }
  end_paragraph(raw, paragraphs);
  return paragraphs;
}

std::vector<std::string> join_paragraphs(const std::vector<std::string>& paragraphs, size_t count) {
  std::vector<std::string> joined;
  for (size_t i = 0; i < paragraphs.size(); ++i) {
    if (i % count == 0) {
      joined.push_back(paragraphs[i]);
    } else {
      joined.back() += ' ' + paragraphs[i];
    }
  }
  return joined;
}

}  // namespace repro::data
