#pragma once
// Documents out of lines of plain text. WikiText files hold articles that begin at ` = Title = `
// lines; in any other file blank lines separate documents, or the whole file is one.

#include <functional>
#include <string>
#include <string_view>

namespace repro::data {

enum class TextLayout { articles, blank_lines, one_document };

// " = Title = ", but not the section heading " = = Section = = ".
bool is_article_heading(std::string_view line);

// `articles` when a heading is among the first lines (`head` is the beginning of the file).
TextLayout layout_of(std::string_view head);

// Gathers lines into documents. Lines lose white space at both ends, blank ones vanish, the others
// are joined by newlines. Nothing grows without bound: a document of more than 4 MB is cut at a
// line's end.
class DocumentAssembler {
 public:
  DocumentAssembler(TextLayout layout, std::function<void(std::string&&)> emit)
      : layout_(layout), emit_(std::move(emit)) {}
  void add_line(std::string_view line);
  void finish();  // the last document

 private:
  void end_document();

  TextLayout layout_;
  std::function<void(std::string&&)> emit_;
  std::string text_;
};

}  // namespace repro::data
