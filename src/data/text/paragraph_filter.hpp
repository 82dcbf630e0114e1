#pragma once
// Which paragraphs of a web page or book are prose: the one filter of all built corpora. Published
// corpora are used as they are and do not pass through it.

#include <cstdint>
#include <string_view>

namespace repro::data {

enum class ParagraphVerdict {
  keep,
  too_few_words,    // < 10
  too_long,         // > 20,000 characters
  no_sentence_end,  // the last character is none of .!?:;"')] or a closing curly quote
  few_letters,      // letters and spaces < 80 % of the characters
  not_ascii,        // ASCII < 95 %
  few_stop_words,   // < 18 % of the words
  word_length,      // mean outside 3..8.5 characters
};

const char* name_of(ParagraphVerdict verdict);  // "too few words", for counts

// `paragraph`: UTF-8, white space collapsed to single spaces.
ParagraphVerdict judge_paragraph(std::string_view paragraph);

int64_t count_words(std::string_view paragraph);

}  // namespace repro::data
