// The card in every format.

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "report/card.hpp"
#include "report/table.hpp"

namespace repro::report {
namespace {

using nlohmann::json;

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string sentence(const std::string& clause) {
  const std::string text = capital(clause);
  return text.ends_with('?') || text.ends_with('.') ? text : text + ".";
}

std::string aim_of(const CardStep& step) {
  return step.takes.empty() ? step.aim : step.aim + ", " + step.takes;
}

// A card for the terminal: a narrow column of names, the texts wrapped beside it.
class TerminalCard {
 public:
  TerminalCard(size_t width, bool tones) : width_(width), tones_(tones) {}

  void headline(const Card& card) {
    const std::string standing = capital(printable_line(card.standing));
    const std::string text = standing + ": " + printable_line(card.answer) + ".";
    std::string lines = join(wrap(text, width_), "\n") + "\n";
    // The words are wrapped as one text, so the marks go in afterwards, around the first line's.
    if (tones_ && lines.starts_with(standing))
      lines = toned(card.tone, standing) + lines.substr(standing.size());
    text_ += lines;
  }
  void add(const char* name, const std::vector<std::string>& clauses) {
    std::string first = name;
    for (const std::string& clause : clauses)
      put(std::exchange(first, ""), printable_line(clause), /*more=*/0);
  }
  void command(const std::string& typed) {
    text_ += std::string(kMargin + 2, ' ') + printable_line(typed) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr size_t kMargin = 10;

  void put(const std::string& name, const std::string& clause, size_t more) {
    const size_t margin = kMargin + more;
    bool first = true;
    for (const std::string& line : wrap(clause, width_ > margin ? width_ - margin : width_)) {
      text_ += fmt::format("{:<{}}{}\n", first ? "  " + name : "", margin, line);
      first = false;
    }
  }

  size_t width_;
  bool tones_;
  std::string text_;
};

std::string code(const std::string& text) {
  const std::string shown = printable_line(text);
  return shown.find('`') == std::string::npos ? "`" + shown + "`" : escape_markdown(shown);
}

std::string item(const std::string& inner) { return "<li>" + inner + "</li>\n"; }

std::string list_of(const std::vector<std::string>& clauses) {
  std::string out = "<ul>\n";
  for (const std::string& clause : clauses) out += item(escape_html(clause));
  return out + "</ul>\n";
}

std::string settle_html(const std::vector<CardStep>& steps) {
  std::string out = "<ul>\n";
  for (const CardStep& step : steps)
    out +=
        item(escape_html(aim_of(step)) +
             (step.command.empty() ? "" : ":<br><code>" + escape_html(step.command) + "</code>"));
  return out + "</ul>\n";
}

std::string words_html(const std::vector<CardWord>& words) {
  std::string out = "<dl class=\"words\">\n";
  for (const CardWord& one : words)
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape_html(one.word),
                       escape_html(one.meaning));
  return out + "</dl>\n";
}

std::string row_html(const char* name, const std::string& inner) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, inner);
}

}  // namespace

std::string to_terminal(const Card& card, size_t width, bool tones) {
  TerminalCard text(width, tones);
  text.headline(card);
  text.add("asked", {card.asked});
  text.add("trust", card.trust);
  const char* name = "settle";
  for (const CardStep& step : card.settle) {
    text.add(std::exchange(name, ""), {aim_of(step) + (step.command.empty() ? "" : ":")});
    if (!step.command.empty()) text.command(step.command);
  }
  std::vector<std::string> words;
  for (const CardWord& one : card.words) words.push_back(one.word + " = " + one.meaning);
  text.add("words", {join(words, "; ")});
  return text.text();
}

std::string to_markdown(const Card& card) {
  std::string out =
      fmt::format("> **{}.** {}\n>\n> Asked: {}\n>\n", escape_markdown(capital(card.standing)),
                  escape_markdown(sentence(card.answer)), escape_markdown(card.asked));
  for (const std::string& clause : card.trust) out += "> - " + escape_markdown(clause) + "\n";
  if (!card.settle.empty()) out += ">\n> What would settle it:\n>\n";
  for (const CardStep& step : card.settle)
    out += fmt::format("> - {}{}\n", escape_markdown(aim_of(step)),
                       step.command.empty() ? "" : ": " + code(step.command));
  std::vector<std::string> words;
  for (const CardWord& one : card.words)
    words.push_back("**" + escape_markdown(one.word) + "** " + escape_markdown(one.meaning));
  return out + ">\n> Words: " + join(words, "; ") + "\n";
}

std::string to_html(const Card& card) {
  std::string out = fmt::format(
      "<section class=\"card {}\" aria-label=\"answer\">\n<p class=\"standing\">{}</p>\n"
      "<p class=\"answer\">{}</p>\n<dl>\n",
      name(card.tone), escape_html(capital(card.standing)), escape_html(sentence(card.answer)));
  out += row_html("asked", escape_html(card.asked));
  out += row_html("how far to trust it", list_of(card.trust));
  if (!card.settle.empty()) out += row_html("what would settle it", settle_html(card.settle));
  return out + row_html("words", words_html(card.words)) + "</dl>\n</section>\n";
}

std::string to_latex(const Card& card) {
  std::string out = fmt::format("\\begin{{quote}}\n\\textbf{{{}.}} {}\n\n\\emph{{Asked:}} {}\n",
                                escape_latex(capital(card.standing)),
                                escape_latex(sentence(card.answer)), escape_latex(card.asked));
  out += "\\begin{itemize}\n";
  for (const std::string& clause : card.trust) out += "\\item " + escape_latex(clause) + "\n";
  for (const CardStep& step : card.settle)
    out +=
        fmt::format("\\item \\emph{{to settle:}} {}{}\n", escape_latex(aim_of(step)),
                    step.command.empty() ? "" : ": \\texttt{" + escape_latex(step.command) + "}");
  out += "\\end{itemize}\n\\small\n";
  for (const CardWord& one : card.words)
    out += fmt::format("\\textbf{{{}}} {}{}\n", escape_latex(one.word), escape_latex(one.meaning),
                       &one == &card.words.back() ? "" : ";");
  return out + "\\end{quote}\n";
}

json to_json(const Card& card) {
  json settle = json::array(), words = json::array();
  for (const CardStep& step : card.settle)
    settle.push_back({{"aim", step.aim}, {"command", step.command}, {"takes", step.takes}});
  for (const CardWord& one : card.words)
    words.push_back({{"word", one.word}, {"meaning", one.meaning}});
  return {{"asked", card.asked}, {"standing", card.standing}, {"answer", card.answer},
          {"trust", card.trust}, {"settle", settle},          {"words", words}};
}

}  // namespace repro::report
