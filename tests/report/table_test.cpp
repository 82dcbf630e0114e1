#include "report/table.hpp"
#include "base/unicode.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace repro::report {
namespace {

Table sample() {
  Table table;
  table.title = "Cost";
  table.columns = {{.heading = "corpus", .align = Align::left},
                   {.heading = "paper", .group = "full"},
                   {.heading = "here", .group = "full"},
                   {.heading = "verdict", .align = Align::left}};
  table.add({"C4 → web", {"22.50", 22.5036}, {"0.12", 0.1234567890123, "a"}, "not reproduced"});
  table.add({"Wiki", "-", ">= 600", "inconclusive"}, true);
  table.footnotes = {{"a", "measured here"}};
  table.notes = {"prices of 2026"};
  return table;
}

}  // namespace

TEST_CASE("terminal columns line up although a character takes three bytes", "[report]") {
  CHECK(to_terminal(sample()) ==
        "Cost\n"
        "                full\n"
        "  corpus    paper    here  verdict\n"
        "  ---------------------------------------\n"
        "  C4 → web  22.50  0.12 a  not reproduced\n"
        "  ---------------------------------------\n"
        "  Wiki          -  >= 600  inconclusive\n"
        "  a  measured here\n"
        "  prices of 2026\n");
}

TEST_CASE("a table too wide for the terminal wraps its widest text column", "[report]") {
  Table table;
  table.columns = {{.heading = "x"}, {.heading = "why", .align = Align::left}};
  table.add({"1", "the run stopped before it reached the target loss"});
  CHECK(to_terminal(table, 40) ==
        "  x  why\n"
        "  --------------------------------------\n"
        "  1  the run stopped before it reached\n"
        "     the target loss\n");
}

TEST_CASE("a word longer than the narrowest column keeps the columns in line", "[report]") {
  Table table;
  table.columns = {{.heading = "cell", .align = Align::left}, {.heading = "n"}};
  table.add({"openwebtext-v151936", "1"});
  table.add({"a b", "2"});
  CHECK(to_terminal(table, 24) ==
        "  cell                 n\n"
        "  ----------------------\n"
        "  openwebtext-v151936  1\n"
        "  a b                  2\n");
}

TEST_CASE("columns of a group that do not fit beside each other stand below each other",
          "[report]") {
  CHECK(to_terminal(sample(), 38) ==
        "Cost\n"
        "  corpus    full          verdict\n"
        "  ------------------------------------\n"
        "  C4 → web  paper  22.50  not\n"
        "            here  0.12 a  reproduced\n"
        "  ------------------------------------\n"
        "  Wiki      paper      -  inconclusive\n"
        "            here  >= 600\n"
        "  a  measured here\n"
        "  prices of 2026\n");
}

TEST_CASE("a table too wide for any columns shows a cell a line, none beyond the width",
          "[report]") {
  Table table = sample();
  table.rows[1].cells[0] = TableCell::repeated("C4 → web");
  const std::string text = to_terminal(table, 24);
  CHECK(text ==
        "Cost\n"
        "  corpus       C4 → web\n"
        "  full: paper  22.50\n"
        "  full: here   0.12 a\n"
        "  verdict      not\n"
        "               reproduced\n"
        "  --------------------\n"
        "  corpus       C4 → web\n"
        "  full: paper  -\n"
        "  full: here   >= 600\n"
        "  verdict      inconclusive\n"
        "  a  measured here\n"
        "  prices of 2026\n");
}

TEST_CASE("tones mark a verdict's words alone, and only where they are asked for", "[report]") {
  Table table = sample();
  table.rows[0].cells[3].tone = Tone::bad;
  CHECK(to_terminal(table).find('\x01') == std::string::npos);
  CHECK(to_terminal(table, 120, true)
            .find("\x01"
                  "bnot reproduced\x02\n") != std::string::npos);
  // A text cannot bring marks of its own.
  table.rows[0].cells[0].text = "\x01gfine\x02";
  const std::string text = to_terminal(table, 120, true);
  CHECK(std::count(text.begin(), text.end(), kToneBegin) == 1);
}

TEST_CASE("display width counts code points, wide characters twice, combining marks not",
          "[report]") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("±≥") == 2);
  CHECK(display_width("e\xCC\x81") == 1);
  CHECK(display_width("語") == 2);
}

TEST_CASE("Markdown names the group in each heading and marks footnotes", "[report]") {
  CHECK(to_markdown(sample()) ==
        "**Cost**\n\n"
        "| corpus | full: paper | full: here | verdict |\n"
        "|:--|--:|--:|:--|\n"
        "| C4 → web | 22.50 | 0.12<sup>a</sup> | not reproduced |\n"
        "| Wiki | - | >= 600 | inconclusive |\n\n"
        "- <sup>a</sup> measured here\n"
        "- prices of 2026\n");
}

TEST_CASE("each format's special characters are shown, not obeyed", "[report]") {
  CHECK(escape_markdown("a|b *c* $2 <i> _d_ max_steps") ==
        "a\\|b \\*c\\* \\$2 \\<i> \\_d\\_ max_steps");
  CHECK(escape_html("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
  CHECK(escape_latex("50 % of $2 & a_b # {x} ~ ^ \\ <= 3 ± 1") ==
        "50 \\% of \\$2 \\& a\\_b \\# \\{x\\} \\textasciitilde{} \\textasciicircum{} "
        "\\textbackslash{} $\\leq$ 3 $\\pm$ 1");
}

TEST_CASE("HTML spans a group over its columns and escapes its texts", "[report]") {
  Table table = sample();
  table.rows[1].cells[0].text = "<script>";
  const std::string html = to_html(table);
  CHECK(html.find("<th class=\"g\" colspan=\"2\">full</th>") != std::string::npos);
  CHECK(html.find("<td data-h=\"full: here\">0.12<sup>a</sup></td>") != std::string::npos);
  CHECK(html.find("<script>") == std::string::npos);
  CHECK(html.find("&lt;script&gt;") != std::string::npos);
}

TEST_CASE("a page refers to no other file", "[report]") {
  const std::string page = html_page("Cost & time", to_html(sample()));
  CHECK(page.find("<title>Cost &amp; time</title>") != std::string::npos);
  for (const char* reference : {"src=", "href=", "url(", "@import"})
    CHECK(page.find(reference) == std::string::npos);
}

TEST_CASE("LaTeX is booktabs with a rule under each group", "[report]") {
  CHECK(to_latex(sample()) ==
        "\\begin{table}[t]\n\\centering\\small\n\\caption{Cost}\n"
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
        "\\begin{tabular}{lrrl}\n\\toprule\n"
        " & \\multicolumn{2}{c}{full} &  \\\\\n\\cmidrule(lr){2-3}\n"
        "corpus & paper & here & verdict \\\\\n\\midrule\n"
        "C4 $\\rightarrow$ web & 22.50 & 0.12\\textsuperscript{a} & not reproduced \\\\\n"
        "\\midrule\nWiki & - & $\\geq$ 600 & inconclusive \\\\\n\\bottomrule\n"
        "\\end{tabular}}\n\\par\\footnotesize\\textsuperscript{a} measured here\n"
        "\\par\\footnotesize prices of 2026\n\\end{table}\n");
}

TEST_CASE("LaTeX breaks a text wider than the page and a table longer than it", "[report]") {
  Table table = sample();
  table.rows[1].cells[3].text =
      std::string(40, 'x') + " " + std::string(40, 'y') + " " + std::string(40, 'z');
  const std::string wide = to_latex(table);
  CHECK(wide.find("{lrr>{\\raggedright\\arraybackslash}p{37.96em}") != std::string::npos);
  while (table.rows.size() <= 30) table.rows.push_back(table.rows.back());
  const std::string longer = to_latex(table);
  CHECK(longer.find("\\begin{longtable}{lrr>") != std::string::npos);
  CHECK(longer.find("\\endfirsthead") < longer.find("\\endhead"));
  CHECK(longer.find("\\begin{table}") == std::string::npos);
}

TEST_CASE("CSV carries all digits of a value and quotes what needs it", "[report]") {
  Table table = sample();
  table.rows[1].cells[3].text = "says \"no\", twice";
  CHECK(to_csv(table) ==
        "corpus,full_paper,full_here,verdict\r\n"
        "C4 → web,22.5036,0.1234567890123,not reproduced\r\n"
        "Wiki,,,\"says \"\"no\"\", twice\"\r\n");
}

TEST_CASE("JSON keeps the shown text beside the value", "[report]") {
  const nlohmann::json written = to_json(sample());
  CHECK(written["rows"][0]["full_here"]["value"] == 0.1234567890123);
  CHECK(written["rows"][0]["full_here"]["text"] == "0.12");
  CHECK(written["rows"][0]["full_here"]["note"] == "a");
  CHECK_FALSE(written["rows"][1]["full_here"].contains("value"));
  CHECK(written["footnotes"]["a"] == "measured here");
}

TEST_CASE("no renderer lets a character pass that steers a terminal", "[report]") {
  const std::string hostile = "a\x1b[2J\rb\u009B\u202Ec\nd" + std::string(1, '\0');
  Table table;
  table.title = hostile;
  table.columns = {{.heading = hostile, .group = hostile, .align = Align::left},
                   {.heading = "n", .key = hostile}};
  table.add({hostile, {hostile, std::nullopt, "a"}});
  table.footnotes = {{"a", hostile}};
  table.notes = {hostile};
  const std::string csv = to_csv(table);
  CHECK(csv.find("a\uFFFD[2J\uFFFDb\uFFFD\uFFFDc d\uFFFD") != std::string::npos);
  std::string csv_lines = csv;
  for (size_t at; (at = csv_lines.find("\r\n")) != std::string::npos;)
    csv_lines.replace(at, 2, "\n");
  const nlohmann::json answer = nlohmann::json::parse(json_text(to_json(table), 1));
  for (const std::string& text : {to_terminal(table), to_markdown(table), to_html(table),
                                  to_latex(table), csv_lines, answer.at("title").get<std::string>(),
                                  answer.dump(-1, ' ', true), html_page(hostile, "")}) {
    INFO(text);
    CHECK(text == printable(text));
    CHECK(text.find("\\u001b") == std::string::npos);
    CHECK(text.find("\\u202e") == std::string::npos);
  }
  // Nor does a newline make lines that look like others.
  CHECK(to_terminal(table).find("\nd") == std::string::npos);
  CHECK(to_latex(table).find("\uFFFD") == std::string::npos);  // no engine's fonts have it
}

TEST_CASE("a text that a spreadsheet would calculate is one that it shows", "[report]") {
  Table table;
  table.columns = {{.heading = "=1+1", .align = Align::left}};
  for (const char* text : {"=HYPERLINK(\"x\")", "+cmd", "@SUM(A1)", "-2+cmd|' /C calc'!A0", " =1",
                           "-", "-3.5 %", "a=b"})
    table.add({text});
  CHECK(to_csv(table) ==
        "1_1\r\n\"'=HYPERLINK(\"\"x\"\")\"\r\n'+cmd\r\n'@SUM(A1)\r\n'-2+cmd|' /C calc'!A0\r\n"
        "' =1\r\n-\r\n-3.5 %\r\na=b\r\n");
  Table numbers;
  numbers.columns = {{.heading = "loss"}};
  numbers.add({{"-0.5", -0.5}});
  CHECK(to_csv(numbers) == "loss\r\n-0.5\r\n");
}

}  // namespace repro::report
