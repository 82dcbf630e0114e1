#pragma once
// A report's text between its tables: headings, paragraphs, figures, in reading order, rendered as
// Markdown, HTML or LaTeX. Tables render themselves (report/table.hpp).

#include <string>
#include <variant>
#include <vector>

#include "report/table.hpp"

namespace repro::report {

struct Heading {
  std::string text;
};
struct Paragraph {
  std::string text;
  bool lead = false;  // the line that must not be overlooked
};
// The picture as SVG text (put into the HTML page itself) and as files beside the report.
struct Figure {
  std::string name;  // file name without extension: "loss-steps-qwen_moe"
  std::string caption;
  std::string svg;
};
using Block = std::variant<Heading, Paragraph, Table, Figure>;

struct Page {
  std::string title;
  std::vector<Block> blocks;
};

std::string to_markdown(const Page& page);
std::string to_html(const Page& page);   // one self-contained page
std::string to_latex(const Page& page);  // a compilable article

}  // namespace repro::report
