// What gnuplot writes as SVG, made fit to stand in a page with others of its kind.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "report/figure.hpp"
#include "report/table.hpp"

namespace repro::report {
namespace {

// Letters, digits and '-': what an id may hold everywhere.
std::string svg_prefix(const std::string& name) {
  std::string prefix = "f-";
  for (const char c : name) prefix += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return prefix + "-";
}

// Every `before` in `text` with `more` behind it.
void insert_behind(std::string& text, std::string_view before, std::string_view more) {
  for (size_t at = text.find(before); at != std::string::npos;
       at = text.find(before, at + before.size() + more.size()))
    text.insert(at + before.size(), more);
}

// From every `begin` to the next `end`, both included.
void remove_each(std::string& text, std::string_view begin, std::string_view end) {
  for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    const size_t until = text.find(end, at + begin.size());
    if (until == std::string::npos) return;
    text.erase(at, until + end.size() - at);
  }
}

void remove_word(std::string& text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at))
    text.erase(at, word.size());
}

// Inside tags alone: what stands between them is the reader's.
std::string with_prefixed_ids(std::string_view svg, const std::string& prefix) {
  std::string out;
  for (size_t at = 0; at < svg.size();) {
    const size_t open = std::min(svg.find('<', at), svg.size());
    const size_t end = std::min(svg.find('>', open), svg.size());
    out += svg.substr(at, open - at);
    std::string tag(svg.substr(open, end - open));
    for (const char* own : {" id=\"", " id='", "href='#", "href=\"#", "url(#"})
      insert_behind(tag, own, prefix);
    remove_word(tag, "gnuplot_");
    out += tag;
    at = end;
    if (at < svg.size()) out += svg[at++];
  }
  return out;
}

}  // namespace

std::string tidy_svg(std::string_view svg, const std::string& name, const std::string& says) {
  std::string text = with_prefixed_ids(svg, svg_prefix(name));
  remove_each(text, "<title>Gnuplot", "</title>");
  remove_each(text, "<title>gnuplot_", "</title>");
  remove_each(text, "<desc>Produced by", "</desc>");
  const size_t end = text.find('>', text.find("<svg"));
  if (end != std::string::npos && !says.empty())
    text.insert(end, fmt::format("\n role=\"img\" aria-label=\"{}\"", escape_html(says)));
  return text;
}

}  // namespace repro::report
