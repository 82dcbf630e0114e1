#include "data/formats/readers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/formats/archive.hpp"
#include "data/formats/budget.hpp"
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
constexpr size_t kHeldBeside = 200;  // bytes that a piece of text takes beside itself
using Members = std::map<std::string, std::string, FilesFirst>;

// The wanted members, whole and decompressed: packages are some megabytes. Sorted, because an
// archive's order is its builder's.
Members wanted_members(const config::CorpusSource& source, const std::filesystem::path& path,
                       const config::CorpusLimits& limits) {
  Members members;
  size_t held = 0;
  const auto keep = [&](const std::string& member, Input& content) {
    std::string& text = members[printable_line(member)] = read_all(*decompress(borrow(content)));
    held += kHeldBeside + member.size() + text.size();
    if (static_cast<int64_t>(held) > limits.memory_bytes)
      fail_limit(path.string(), "its wanted members are too large to be held at once",
                 "memory_bytes", limits.memory_bytes);
  };
  for_each_member(path, {source.include, source.exclude}, keep, limits);
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

namespace {

struct Article {
  std::string topic, extract;
};

// By title. An article is taken as soon as it ends and its other fields are passed over.
std::map<std::string, Article> articles_of(const std::string& text, const std::string& where,
                                           const config::CorpusLimits& limits) {
  std::map<std::string, Article> articles;
  std::string title;
  size_t held = 0;
  const auto take = [&](const json& article) {
    if (!article.is_object() || !article.contains("extract") || !article["extract"].is_string())
      throw Error("{}: article '{}' has no extract", where, title);
    const json topic = article.value("topic", json(""));
    Article taken{topic.is_string() ? topic.get<std::string>() : "", article["extract"]};
    held += kHeldBeside + title.size() + taken.topic.size() + taken.extract.size();
    if (static_cast<int64_t>(held) > limits.memory_bytes)
      fail_limit(where, "its articles are too large to be held at once", "memory_bytes",
                 limits.memory_bytes);
    articles.insert_or_assign(title, std::move(taken));
    return false;
  };
  const auto part = [&](int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::key && depth == 1) title = parsed.get<std::string>();
    if (event == Event::key && depth == 2) return parsed == "extract" || parsed == "topic";
    const bool ends = event == Event::object_end || event == Event::value;
    if (depth == 1 && (ends || event == Event::array_start)) return take(parsed);
    return depth < 2 || event == Event::value;
  };
  if (is_too_deep(text)) throw Error("{}: nested deeper than {}", where, kDeepestJson);
  const json whole = json::parse(text, part, /*allow_exceptions=*/false);
  if (!whole.is_object()) throw Error("{}: not a JSON object of articles", where);
  return articles;
}

}  // namespace

void read_summaries(const std::string& json_text, const std::string& where, const VisitText& visit,
                    const config::CorpusLimits& limits) {
  for (const auto& [title, article] : articles_of(json_text, where, limits)) {
    std::vector<std::string> paragraphs;
    for (const std::string& line : split(article.extract, '\n')) add_collapsed(line, paragraphs);
    visit(article.topic + "/" + title, std::move(paragraphs));
  }
}

bool is_package_reader(const std::string& reader) {
  return reader == "html" || reader == "json-summaries" || reader == "text-paragraphs" ||
         reader == "dictionary";
}

void read_package(const config::CorpusSource& source, const std::filesystem::path& path,
                  const VisitText& visit, const config::CorpusLimits& limits) {
  check(is_package_reader(source.reader), "published sets are not read as packages");
  const Members members = wanted_members(source, path, limits);
  if (source.reader == "dictionary") return read_dictionaries(members, path.string(), visit);
  for (const auto& [name, text] : members) {
    const std::string where = path.string() + ": " + name;
    if (source.reader == "html") visit(name, html_paragraphs(text, where, limits));
    if (source.reader == "text-paragraphs") visit(name, text_paragraphs(text));
    if (source.reader == "json-summaries") read_summaries(text, where, visit, limits);
  }
}

}  // namespace repro::data
