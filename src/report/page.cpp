#include "report/page.hpp"

#include <fmt/format.h>

namespace repro::report {
namespace {

struct Markdown {
  std::string operator()(const Heading& block) const {
    return "## " + escape_markdown(block.text) + "\n";
  }
  std::string operator()(const Paragraph& block) const {
    const std::string text = escape_markdown(block.text);
    return (block.lead ? "> **" + text + "**" : text) + "\n";
  }
  std::string operator()(const Table& block) const { return to_markdown(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format("![{}]({}.svg)\n", escape_markdown(block.caption), block.name);
  }
};

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
  std::string operator()(const Table& block) const { return to_html(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n",
                       svg_element(block.svg), escape_html(block.caption));
  }
};

struct Latex {
  std::string operator()(const Heading& block) const {
    return "\\section*{" + escape_latex(block.text) + "}\n";
  }
  std::string operator()(const Paragraph& block) const {
    const std::string text = escape_latex(block.text);
    return (block.lead ? "\\textbf{" + text + "}" : text) + "\n";
  }
  std::string operator()(const Table& block) const { return to_latex(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format(
        "\\begin{{figure}}[ht]\n\\centering\n\\includegraphics[width=\\linewidth]{{{}.png}}\n"
        "\\caption{{{}}}\n\\end{{figure}}\n",
        block.name, escape_latex(block.caption));
  }
};

template <typename Visitor>
std::string rendered(const Page& page, const Visitor& visitor) {
  std::string out;
  for (const Block& block : page.blocks) out += std::visit(visitor, block) + "\n";
  return out;
}

}  // namespace

std::string to_markdown(const Page& page) {
  std::string out = "# " + escape_markdown(page.title) + "\n\n" + rendered(page, Markdown{});
  while (out.size() > 1 && out[out.size() - 2] == '\n') out.pop_back();
  return out;
}

std::string to_html(const Page& page) {
  return html_page(page.title,
                   "<h1>" + escape_html(page.title) + "</h1>\n" + rendered(page, Html{}));
}

std::string to_latex(const Page& page) {
  return "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
         "\\usepackage{array,booktabs,graphicx,longtable}\n\\usepackage[margin=2cm]{geometry}"
         "\n\\title{" +
         escape_latex(page.title) + "}\n\\date{}\n\\begin{document}\n\\maketitle\n\n" +
         rendered(page, Latex{}) + "\\end{document}\n";
}

}  // namespace repro::report
