#pragma once
// SWORD modules (zText, zCom): the text of Bible editions and commentaries. A testament is two
// files here: `.bzs`, little-endian 12-byte records {offset, size, uncompressed size} of blocks,
// one block a book, and `.bzz`, the blocks as zlib streams. Blocks are fragments of OSIS XML.

#include <string>
#include <string_view>
#include <vector>

namespace repro::data {

// The books of a testament; the module's heading block is left out. `where` begins messages.
std::vector<std::string> sword_books(std::string_view bzs, std::string_view bzz,
                                     const std::string& where);

// Paragraphs of a fragment: notes, titles and heads removed with their content, verses and lines
// are paragraph breaks, other tags vanish and their text stays.
std::vector<std::string> osis_paragraphs(std::string_view fragment);

// Joins each `count` consecutive paragraphs: verses are too short to stand alone.
std::vector<std::string> join_paragraphs(const std::vector<std::string>& paragraphs, size_t count);

}  // namespace repro::data
