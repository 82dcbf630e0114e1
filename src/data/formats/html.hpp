#pragma once
// Paragraphs of an HTML page: the text of its block elements, white space collapsed, entities
// decoded; nothing from scripts, styles, preformatted text and navigation. Not a renderer.

#include <string>
#include <string_view>
#include <vector>

#include "config/corpus.hpp"

namespace repro::data {

// UTF-8. The page's charset is that of its meta tag, else UTF-8, else Latin-1. Error, beginning
// with `where`, for a page beyond limits.nesting or whose tree takes more than limits.memory_bytes.
std::vector<std::string> html_paragraphs(std::string_view page, const std::string& where = "page",
                                         const config::CorpusLimits& limits = {});

}  // namespace repro::data
