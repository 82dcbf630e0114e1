#include "data/formats/readers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/formats/archive.hpp"
#include "data/formats/charset.hpp"
#include "data/formats/dictionary.hpp"
#include "data/formats/html.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

// A folder's files before its subfolders: an overview page comes before the pages it repeats.
struct FilesFirst {
  bool operator()(std::string_view left, std::string_view right) const {
    const size_t same = static_cast<size_t>(
        std::mismatch(left.begin(), left.end(), right.begin(), right.end()).first - left.begin());
    const size_t slash = left.substr(0, same).rfind('/');
    const size_t name = slash == left.npos ? 0 : slash + 1;
    const bool left_deeper = left.find('/', name) != left.npos;
    const bool right_deeper = right.find('/', name) != right.npos;
    return left_deeper != right_deeper ? right_deeper : left < right;
  }
};
using Members = std::map<std::string, std::string, FilesFirst>;

// The wanted members, whole and decompressed: packages are some megabytes. Sorted, because an
// archive's order is its builder's.
Members wanted_members(const config::CorpusSource& source, const std::filesystem::path& path) {
  Members members;
  for_each_member(path, {source.include, source.exclude},
                  [&](const std::string& member, Input& content) {
                    members[member] = read_all(*decompress(borrow(content)));
                  });
  if (members.empty())
    throw Error("{}: holds no member '{}'", path.string(), join(source.include, "', '"));
  return members;
}

void add_collapsed(std::string_view text, std::vector<std::string>& paragraphs) {
  std::string paragraph;
  append_collapsed(paragraph, text);
  if (paragraph.ends_with(' ')) paragraph.pop_back();
  if (!paragraph.empty()) paragraphs.push_back(std::move(paragraph));
}

void read_dictionaries(const Members& members, const std::string& package, const VisitText& visit) {
  for (const auto& [name, index] : members) {
    if (!name.ends_with(".index")) continue;
    const std::string stem = name.substr(0, name.size() - std::string_view(".index").size());
    auto text = members.find(stem + ".dict");
    if (text == members.end()) text = members.find(stem + ".dict.dz");
    if (text == members.end())
      throw Error("{}: {}: no text '{}.dict' or '.dict.dz' beside it; add it to include", package,
                  name, stem);
    read_dictionary(index, text->second, package + ": " + name, visit);
  }
}

}  // namespace

std::vector<std::string> text_paragraphs(std::string_view text) {
  std::vector<std::string> paragraphs;
  std::string lines;
  for (const std::string& line : split(is_utf8(text) ? text : to_utf8(text, "ISO-8859-1"), '\n')) {
    if (trim(line).empty()) add_collapsed(std::exchange(lines, ""), paragraphs);
    lines += line + '\n';
  }
  add_collapsed(lines, paragraphs);
  return paragraphs;
}

void read_summaries(const std::string& json_text, const std::string& where,
                    const VisitText& visit) {
  const json articles = parse_json(json_text);
  if (!articles.is_object()) throw Error("{}: not a JSON object of articles", where);
  for (const auto& [title, article] : articles.items()) {
    if (!article.is_object() || !article.contains("extract"))
      throw Error("{}: article '{}' has no extract", where, title);
    const std::string extract = article["extract"].get<std::string>();
    std::vector<std::string> paragraphs;
    for (const std::string& line : split(extract, '\n')) add_collapsed(line, paragraphs);
    visit(article.value("topic", "") + "/" + title, std::move(paragraphs));
  }
}

bool is_package_reader(const std::string& reader) {
  return reader == "html" || reader == "json-summaries" || reader == "text-paragraphs" ||
         reader == "dictionary";
}

void read_package(const config::CorpusSource& source, const std::filesystem::path& path,
                  const VisitText& visit) {
  check(is_package_reader(source.reader), "published sets are not read as packages");
  const Members members = wanted_members(source, path);
  if (source.reader == "dictionary") return read_dictionaries(members, path.string(), visit);
  for (const auto& [name, text] : members) {
    if (source.reader == "html") visit(name, html_paragraphs(text));
    if (source.reader == "text-paragraphs") visit(name, text_paragraphs(text));
    if (source.reader == "json-summaries") read_summaries(text, path.string() + ": " + name, visit);
  }
}

}  // namespace repro::data
