#include "data/formats/nesting.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <unordered_map>

namespace repro::data {
namespace {

// Elements without content, and those that their own kind closes: p, a, and the parts of a table.
constexpr std::array<std::string_view, 22> kNeverNested = {
    "a", "area",  "base",   "br",    "col", "embed", "hr", "img",   "input", "link",  "meta",
    "p", "param", "source", "tbody", "td",  "tfoot", "th", "thead", "tr",    "track", "wbr"};

bool is_letter_of_tag(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// The lower-case name of a tag that begins at `at`; `at` moves behind it.
std::string tag_name(std::string_view page, size_t& at) {
  const size_t end = std::min(page.find_first_of(" \t\r\n\f/>", at), page.size());
  std::string name(page.substr(at, end - at));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  at = end;
  return name;
}

}  // namespace

Nesting nesting_of(std::string_view page) {
  Nesting nesting;
  int64_t open = 0;
  std::unordered_map<std::string, int64_t> open_of;  // by name
  for (size_t at = page.find('<'); at != page.npos; at = page.find('<', at)) {
    const bool closes = ++at < page.size() && page[at] == '/';
    if (closes) ++at;
    if (at >= page.size() || !is_letter_of_tag(page[at])) continue;
    const std::string name = tag_name(page, at);
    if (std::find(kNeverNested.begin(), kNeverNested.end(), name) != kNeverNested.end()) continue;
    int64_t& alike = open_of[name];
    const int64_t change = !closes ? 1 : alike > 0 ? -1 : 0;
    alike += change;
    open += change;
    nesting.deepest = std::max(nesting.deepest, open);
    nesting.sum += open;
  }
  return nesting;
}

}  // namespace repro::data
