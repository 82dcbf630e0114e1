#include "data/formats/plain_text.hpp"

#include "base/text.hpp"

namespace repro::data {
namespace {

constexpr size_t kLongestDocument = 4'000'000;  // bytes

}  // namespace

bool is_article_heading(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line.size() >= 5 && line.starts_with("= ") && line.ends_with(" =") &&
         !line.starts_with("= =") && !line.ends_with("= =");
}

TextLayout layout_of(std::string_view head) {
  while (!head.empty()) {
    const size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = trim(head.substr(0, end));
    if (!line.empty())
      return is_article_heading(line) ? TextLayout::articles : TextLayout::blank_lines;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return TextLayout::blank_lines;
}

void DocumentAssembler::add_line(std::string_view line) {
  const std::string_view text = trim(line);
  if (layout_ == TextLayout::articles && is_article_heading(line)) end_document();
  if (layout_ == TextLayout::blank_lines && text.empty()) end_document();
  if (text.empty()) return;
  if (text_.size() + text.size() > kLongestDocument) end_document();
  if (!text_.empty()) text_ += '\n';
  text_ += text;
}

void DocumentAssembler::finish() { end_document(); }

void DocumentAssembler::end_document() {
  if (!text_.empty()) emit_(std::move(text_));
  text_.clear();
}

}  // namespace repro::data
