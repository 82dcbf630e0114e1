#pragma once
// One text of a corpus, and how the cleaned text of a corpus is kept on disk: documents.jsonl, one
// {"src","id","piece","split","text"} a line.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace repro::data {

struct Document {
  std::string source;  // package or file it came from
  std::string id;      // page, article or book: the parent of its pieces
  int64_t piece = 0;   // of its parent, from 0
  std::string split;   // "train", "valid", "test"
  std::string text;    // UTF-8, paragraphs joined by newlines
};

std::string to_line(const Document& document);
// Calls `visit` with each document of the file, in order, until it returns false.
void for_each_document(const std::filesystem::path& path,
                       const std::function<bool(const Document&)>& visit);

// How far a long piece of work is: phase, done, total (0 = unknown), unit.
using ProgressCallback =
    std::function<void(std::string_view phase, double done, double total, std::string_view unit)>;

}  // namespace repro::data
