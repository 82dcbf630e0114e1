#pragma once
// How each kind of source gives its texts: pages and texts of a package, entries of a JSON file.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/corpus.hpp"

namespace repro::data {

// One page, article or book, or one document of a published set, as paragraphs.
using VisitText = std::function<void(const std::string& id, std::vector<std::string>&& paragraphs)>;

// Whether `reader` cuts texts out of packages, for the filter; the others read published sets.
bool is_package_reader(const std::string& reader);

// Reads the package at `path` by source.reader. Texts come in the order of their names,
// a folder's files before its subfolders.
void read_package(const config::CorpusSource& source, const std::filesystem::path& path,
                  const VisitText& visit, const config::CorpusLimits& limits = {});

// text-paragraphs: blank lines separate paragraphs; UTF-8, else Latin-1.
std::vector<std::string> text_paragraphs(std::string_view text);

// json-summaries: {title: {"title", "extract", "topic", ...}}; the id is topic/title.
void read_summaries(const std::string& json_text, const std::string& where, const VisitText& visit,
                    const config::CorpusLimits& limits = {});

}  // namespace repro::data
