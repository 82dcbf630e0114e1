#include "data/text/paragraph_filter.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "base/unicode.hpp"

namespace repro::data {
namespace {

constexpr size_t kLongestStopWord = 5;

bool is_stop_word(std::string_view word) {
  static const std::unordered_set<std::string_view> kStopWords = {
      "the",  "of",  "and",  "to",  "a",     "in",   "is",   "that",  "it",  "for",  "with",
      "as",   "be",  "are",  "on",  "by",    "this", "or",   "an",    "you", "not",  "from",
      "can",  "if",  "was",  "his", "which", "will", "have", "has",   "at",  "but",  "they",
      "we",   "he",  "she",  "her", "their", "its",  "when", "there", "all", "one",  "would",
      "been", "who", "what", "so",  "no",    "more", "may",  "i",     "my",  "your", "do"};
  constexpr std::string_view kMarks = ".,;:()\"'";
  while (!word.empty() && kMarks.find(word.front()) != kMarks.npos) word.remove_prefix(1);
  while (!word.empty() && kMarks.find(word.back()) != kMarks.npos) word.remove_suffix(1);
  if (word.empty() || word.size() > kLongestStopWord) return false;
  char lower[kLongestStopWord];
  std::transform(word.begin(), word.end(), lower,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return kStopWords.contains({lower, word.size()});
}

struct Counts {
  int64_t characters = 0;
  int64_t ascii = 0;
  int64_t letters_and_spaces = 0;
  int64_t spaces = 0;
  int64_t words = 0;
  int64_t stop_words = 0;
};

Counts count(std::string_view paragraph) {
  Counts counts;
  for (size_t at = 0; at < paragraph.size();) {
    const char32_t code = next_code_point(paragraph, at);
    ++counts.characters;
    if (code < 0x80) ++counts.ascii;
    if (code == ' ') ++counts.spaces;
    if (code == ' ' || is_letter(code)) ++counts.letters_and_spaces;
  }
  for (size_t begin = 0; begin < paragraph.size();) {
    const size_t end = std::min(paragraph.find(' ', begin), paragraph.size());
    if (end > begin) ++counts.words;
    if (is_stop_word(paragraph.substr(begin, end - begin))) ++counts.stop_words;
    begin = end + 1;
  }
  return counts;
}

bool ends_a_sentence(std::string_view paragraph) {
  constexpr std::string_view kEnds = ".!?:;\"')]";
  return kEnds.find(paragraph.back()) != kEnds.npos || paragraph.ends_with("\u201D") ||
         paragraph.ends_with("\u2019");
}

}  // namespace

const char* name_of(ParagraphVerdict verdict) {
  switch (verdict) {
    case ParagraphVerdict::keep:
      return "kept";
    case ParagraphVerdict::too_few_words:
      return "paragraphs: too few words";
    case ParagraphVerdict::too_long:
      return "paragraphs: too long";
    case ParagraphVerdict::no_sentence_end:
      return "paragraphs: no sentence end";
    case ParagraphVerdict::few_letters:
      return "paragraphs: few letters";
    case ParagraphVerdict::not_ascii:
      return "paragraphs: not ASCII";
    case ParagraphVerdict::few_stop_words:
      return "paragraphs: few stop words";
    case ParagraphVerdict::word_length:
      return "paragraphs: word length";
  }
  return "";
}

ParagraphVerdict judge_paragraph(std::string_view paragraph) {
  const Counts counts = count(paragraph);
  if (counts.words < 10) return ParagraphVerdict::too_few_words;
  if (counts.characters > 20'000) return ParagraphVerdict::too_long;
  if (!ends_a_sentence(paragraph)) return ParagraphVerdict::no_sentence_end;
  if (counts.letters_and_spaces * 100 < counts.characters * 80)
    return ParagraphVerdict::few_letters;
  if (counts.ascii * 100 < counts.characters * 95) return ParagraphVerdict::not_ascii;
  if (counts.stop_words * 100 < counts.words * 18) return ParagraphVerdict::few_stop_words;
  const double mean =
      static_cast<double>(counts.characters - counts.spaces) / static_cast<double>(counts.words);
  if (mean < 3.0 || mean > 8.5) return ParagraphVerdict::word_length;
  return ParagraphVerdict::keep;
}

int64_t count_words(std::string_view paragraph) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : paragraph) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space && !inside) ++words;
    inside = !space;
  }
  return words;
}

}  // namespace repro::data
