#include "data/text/cleaning.hpp"

#include "data/text/paragraph_filter.hpp"

namespace repro::data {
namespace {

constexpr int64_t kLongestDocument = 1500;  // words
constexpr int64_t kShortestPiece = 250;     // words before a cut

}  // namespace

void Cleaner::add(const std::string& source, const std::string& id,
                  const std::vector<std::string>& paragraphs, int64_t minimum_words) {
  Document document{source, id, /*piece=*/0, /*split=*/"", /*text=*/""};
  int64_t words = 0;
  const auto emit = [&] {
    if (words >= minimum_words) {
      sink_(Document(document));
    } else {
      ++dropped_["documents: too short"];
    }
    ++document.piece;
    document.text.clear();
    words = 0;
  };
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
    if (words + more > kLongestDocument && words >= kShortestPiece) emit();
    if (!document.text.empty()) document.text += '\n';
    document.text += paragraph;
    words += more;
  }
  if (words > 0) emit();
}

}  // namespace repro::data
