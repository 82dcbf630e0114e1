#pragma once
// Dictionaries of the DICT servers: NAME.index names the entries, NAME.dict or NAME.dict.dz (gzip)
// holds their texts one after the other. A line of the index, tab-separated:
//
//   headword  offset  length     bytes, in base 64: A-Z a-z 0-9 + /, most significant digit first

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace repro::data {

// Calls visit(headword, paragraphs) for each entry in the text's order. Several headwords of one
// text are one entry, named by the index' first; the dictionary's words about itself ("00-database-
// info") are left out. Error, beginning with `where`, for a line that is not as above or points out
// of the text.
void read_dictionary(
    std::string_view index, std::string_view text, const std::string& where,
    const std::function<void(const std::string& id, std::vector<std::string>&& paragraphs)>& visit);

// A paragraph of an entry without what is no prose: braces of links, \respelling\ (pronunciation),
// [etymology and sources]. A bracket inside a word is a ligature or an accent: medi[ae]val, [a^]ge.
std::string entry_text(std::string_view paragraph);

}  // namespace repro::data
