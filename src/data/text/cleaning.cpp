#include "data/text/cleaning.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"
#include "data/text/paragraph_filter.hpp"

namespace repro::data {
namespace {

constexpr int64_t kLongestDocument = 1500;  // words
constexpr int64_t kShortestPiece = 250;     // words before a cut

}  // namespace

std::string split_of(std::string_view text) {
  const unsigned long bucket = std::stoul(md5_hex(text).substr(0, 8), nullptr, 16) % 100;
  return bucket == 0 ? "valid" : bucket == 1 ? "test" : "train";
}

void Cleaner::add(const std::string& source, const std::string& id,
                  const std::vector<std::string>& paragraphs) {
  std::string text;
  int64_t words = 0;
  int64_t piece = 0;
  for (const std::string& paragraph : paragraphs) {
    const ParagraphVerdict verdict = judge_paragraph(paragraph);
    if (verdict != ParagraphVerdict::keep) {
      ++dropped_[name_of(verdict)];
      continue;
    }
    if (!seen_.insert(paragraph).second) {
      ++dropped_["paragraphs: duplicate"];
      continue;
    }
    const int64_t more = count_words(paragraph);
    if (words + more > kLongestDocument && words >= kShortestPiece) {
      emit(source, id, piece++, std::move(text), words);
      text.clear();
      words = 0;
    }
    if (!text.empty()) text += '\n';
    text += paragraph;
    words += more;
  }
  if (words > 0) emit(source, id, piece, std::move(text), words);
}

void Cleaner::emit(const std::string& source, const std::string& id, int64_t piece,
                   std::string text, int64_t words) {
  if (words < minimum_words_) {
    ++dropped_["documents: too short"];
    return;
  }
  const std::string split = split_of(text);
  sink_({source, piece == 0 ? id : fmt::format("{}#{}", id, piece), split, std::move(text)});
}

}  // namespace repro::data
