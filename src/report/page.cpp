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
  std::string operator()(const Card& block) const { return to_markdown(block); }
  std::string operator()(const Table& block) const { return to_markdown(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format(
        "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{}-dark.svg\">"
        "<img src=\"{}.svg\" alt=\"{}\"></picture>\n",
        block.name, block.name, escape_html(block.caption));
  }
  std::string operator()(const Live&) const { return ""; }
};

struct Latex {
  std::string operator()(const Heading& block) const {
    return "\\section*{" + escape_latex(block.text) + "}\n";
  }
  std::string operator()(const Paragraph& block) const {
    const std::string text = escape_latex(block.text);
    return (block.lead ? "\\textbf{" + text + "}" : text) + "\n";
  }
  std::string operator()(const Card& block) const { return to_latex(block); }
  std::string operator()(const Table& block) const { return to_latex(block); }
  std::string operator()(const Figure& block) const {
    return fmt::format(
        "\\begin{{figure}}[ht]\n\\centering\n\\includegraphics[width=\\linewidth]{{{}.png}}\n"
        "\\caption{{{}}}\n\\end{{figure}}\n",
        block.name, escape_latex(block.caption));
  }
  std::string operator()(const Live&) const { return ""; }
};

template <typename Visitor>
std::string rendered(const Page& page, const Visitor& visitor) {
  std::string out;
  for (const Block& block : page.blocks)
    if (const std::string text = std::visit(visitor, block); !text.empty()) out += text + "\n";
  return out;
}

}  // namespace

std::string to_markdown(const Page& page) {
  std::string out = "# " + escape_markdown(page.title) + "\n\n" + rendered(page, Markdown{});
  while (out.size() > 1 && out[out.size() - 2] == '\n') out.pop_back();
  return out;
}

std::string to_latex(const Page& page) {
  return "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
         "\\usepackage{array,booktabs,graphicx,longtable}\n\\usepackage[margin=2cm]{geometry}"
         "\n\\title{" +
         escape_latex(page.title) + "}\n\\date{}\n\\begin{document}\n\\maketitle\n\n" +
         rendered(page, Latex{}) + "\\end{document}\n";
}

}  // namespace repro::report
