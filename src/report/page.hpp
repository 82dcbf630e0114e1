#pragma once
// A report's text between its tables: headings, paragraphs, the card, figures, in reading order,
// rendered as Markdown, HTML or LaTeX. Tables render themselves (report/table.hpp).

#include <string>
#include <variant>
#include <vector>

#include "report/card.hpp"
#include "report/evidence.hpp"
#include "report/table.hpp"

namespace repro::report {

struct Heading {
  std::string text;
};
struct Paragraph {
  std::string text;
  bool lead = false;  // the line that must not be overlooked
};
// The picture as SVG text (put into the HTML page itself) and as the files that draw() writes
// beside the report.
struct Figure {
  std::string name;  // file name without extension: "loss-dollars"
  std::string caption;
  std::string svg;
};
// What the page's script fills, where a page has one; nothing elsewhere.
struct Live {
  std::string id;
  std::string title;
};
using Block = std::variant<Heading, Paragraph, Card, Table, Figure, Live>;

struct Page {
  std::string title;
  std::vector<Block> blocks;
  std::vector<Evidence> evidence = {};  // shown by the HTML page alone
  std::string data = {};                // JSON for its script; "" = it has no script
};

std::string to_markdown(const Page& page);
// One page that refers to no other file and asks no network. Blocks behind a heading can be folded;
// a list of contents leads to them.
std::string to_html(const Page& page);
std::string to_latex(const Page& page);  // a compilable article

}  // namespace repro::report
