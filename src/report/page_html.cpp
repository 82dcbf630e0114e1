// The HTML page: the answer and its table, what the script fills, sections that fold, and behind
// them what each number rests on.

#include <fmt/format.h>

#include <cctype>

#include "base/text.hpp"
#include "report/page.hpp"
#include "report/page_assets.hpp"

namespace repro::report {
namespace {

// Inline SVG begins at its element: an XML declaration inside HTML is an error.
std::string_view svg_element(const std::string& svg) {
  const size_t at = svg.find("<svg");
  return at == std::string::npos ? std::string_view() : std::string_view(svg).substr(at);
}

struct Html {
  std::string operator()(const Heading& block) const {
    return "<h2>" + escape_html(block.text) + "</h2>\n";
  }
  std::string operator()(const Paragraph& block) const {
    return fmt::format("<p{}>{}</p>\n", block.lead ? " class=\"lead\"" : "",
                       escape_html(block.text));
  }
  std::string operator()(const Card& block) const { return to_html(block); }
  std::string operator()(const Table& block) const { return to_html(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format("<figure class=\"drawn\">\n{}<figcaption>{}</figcaption>\n</figure>\n",
                       svg_element(block.svg), escape_html(block.caption));
  }
  std::string operator()(const Live& block) const {
    return fmt::format(
        "<section class=\"live {0}\" aria-label=\"{1}\">\n<h2>{1}</h2>\n<div id=\"{0}\"></div>\n"
        "</section>\n",
        block.id, escape_html(block.title));
  }
};

std::string section_id(size_t number) { return fmt::format("section-{}", number); }

// Headings as a list that leads to the sections, and to what numbers rest on.
std::string contents_html(const Page& page) {
  std::string items;
  size_t number = 0;
  const auto add = [&](const std::string& id, const std::string& text) {
    items += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, escape_html(text));
  };
  for (const Block& block : page.blocks)
    if (const auto* heading = std::get_if<Heading>(&block))
      add(section_id(number++), heading->text);
  if (items.empty()) return "";
  if (!page.evidence.empty()) add("evidence", "What each number rests on");
  return "<nav class=\"contents\" aria-label=\"contents\">\n<ul>\n" + items +
         "</ul>\n</nav>\n<p class=\"all\" id=\"open-all\"></p>\n";
}

std::string section_start(size_t number, const std::string& heading) {
  return fmt::format("<details class=\"section\" id=\"{}\">\n<summary>{}</summary>\n",
                     section_id(number), escape_html(heading));
}

// Everything behind a heading folds; what stands before the first does not.
std::string blocks_html(const Page& page) {
  std::string out;
  size_t number = 0;
  for (const Block& block : page.blocks) {
    const auto* heading = std::get_if<Heading>(&block);
    if (heading == nullptr) {
      out += std::visit(Html{}, block) + "\n";
      continue;
    }
    out += number == 0 ? contents_html(page) : "</details>\n\n";
    out += section_start(number++, heading->text);
  }
  return number == 0 ? out : out + "</details>\n";
}

std::string line_html(const EvidenceLine& line) {
  std::string text = escape_html(line.text);
  if (line.typed) text = "<code>" + text + "</code>";
  if (!line.about.empty())
    text = fmt::format("<a href=\"#{}\">{}</a>", anchor_of(line.about), text);
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(line.name), text);
}

std::string evidence_html(const std::vector<Evidence>& evidence) {
  if (evidence.empty()) return "";
  std::string out =
      "<details class=\"section\" id=\"evidence\">\n<summary>What each number rests on</summary>\n";
  for (const Evidence& one : evidence) {
    const bool of_row = one.about.starts_with("runs of ");
    out += fmt::format("<details class=\"ev {}\" id=\"{}\">\n<summary>{}</summary>\n<dl>\n",
                       of_row ? "row" : "number", anchor_of(one.about), escape_html(one.title));
    for (const EvidenceLine& line : one.lines) out += line_html(line);
    out += "</dl>\n</details>\n";
  }
  return out + "</details>\n";
}

// Inside a script element only its end tag and a comment's start mean anything to HTML; neither can
// stand in JSON but inside a string.
std::string script_safe(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

std::string escape_lines(std::string_view text) {
  std::string out;
  for (const std::string& line : split(text, '\n')) out += escape_html(line) + "\n";
  return out;
}

std::string scripts_html(const Page& page) {
  if (page.data.empty()) return "";
  return fmt::format(
      "<footer>\n<details>\n<summary>the curves are drawn by dygraphs: its licence</summary>\n"
      "<pre>{}</pre>\n</details>\n</footer>\n"
      "<script type=\"application/json\" id=\"page-data\">{}</script>\n<script>{}</script>\n"
      "<script>{}</script>\n",
      escape_lines(chart_licence()), script_safe(page.data), chart_script(), page_script());
}

}  // namespace

std::string to_html(const Page& page) {
  return html_page(page.title, "<h1>" + escape_html(page.title) + "</h1>\n" + blocks_html(page) +
                                   evidence_html(page.evidence) + scripts_html(page));
}

}  // namespace repro::report
