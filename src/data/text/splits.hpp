#pragma once
// Which documents are held out. A page, article or book goes to one split with all its pieces, so
// that no held-out piece continues a text of train:
//
//   parents in the order of MD5(source, newline, id): the first make the valid split until it holds
//   8 % of the corpus' words, the next make the test split until it holds 6 %, all else is train
//
// A parent larger than a tenth of the split it would go to is train, whatever its hash: a whole
// book as valid split would measure that book. Held-out texts are therefore the corpus' shorter
// ones.

#include <string>
#include <string_view>
#include <vector>

#include "data/text/document.hpp"

namespace repro::data {

constexpr int kValidPercent = 8;
constexpr int kTestPercent = 6;

// Sets the split of every document; parents are (source, id).
void assign_splits(std::vector<Document>& documents);

// A record of a published set has no parent and its set may be too large to be held in memory. By
// k = first 8 hex digits of the text's MD5 modulo 100: below 8 valid, below 14 test, else train.
std::string split_of_record(std::string_view text);

}  // namespace repro::data
