#pragma once
// Paragraphs of an HTML page: the text of its block elements, white space collapsed, entities
// decoded; nothing from scripts, styles, preformatted text and navigation. Not a renderer.

#include <string>
#include <string_view>
#include <vector>

namespace repro::data {

// UTF-8. The page's charset is that of its meta tag, else UTF-8, else Latin-1.
std::vector<std::string> html_paragraphs(std::string_view page);

}  // namespace repro::data
