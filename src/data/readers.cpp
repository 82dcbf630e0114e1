#include "data/readers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/archive.hpp"
#include "data/html.hpp"
#include "data/sword.hpp"
#include "data/unicode.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

constexpr size_t kVersesAParagraph = 8;

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

// The wanted members, whole: packages are some megabytes. Sorted, because an archive's order is its
// builder's.
Members wanted_members(const config::CorpusSource& source, const std::filesystem::path& path) {
  Members members;
  for_each_member(
      path, {source.include, source.exclude},
      [&](const std::string& member, Input& content) { members[member] = read_all(content); });
  if (members.empty())
    throw Error("{}: holds no member '{}'", path.string(), join(source.include, "', '"));
  return members;
}

void read_sword(const config::CorpusSource& source, const std::filesystem::path& path,
                bool scripture, const VisitText& visit) {
  auto members = wanted_members(source, path);
  for (const std::string testament : {"ot", "nt"}) {
    const auto file = [&](const std::string& ending) -> const std::string& {
      for (const auto& [name, bytes] : members)
        if (name.ends_with("/" + testament + ending)) return bytes;
      throw Error("{}: holds no {}{}", path.string(), testament, ending);
    };
    const auto books = sword_books(file(".bzs"), file(".bzz"), path.string() + ": " + testament);
    for (size_t i = 0; i < books.size(); ++i) {
      auto paragraphs = osis_paragraphs(books[i]);
      if (scripture) paragraphs = join_paragraphs(paragraphs, kVersesAParagraph);
      visit(fmt::format("{}/{}", testament, i + 1), std::move(paragraphs));
    }
  }
}

}  // namespace

void read_summaries(const std::string& json_text, const std::string& where,
                    const VisitText& visit) {
  const json articles = json::parse(json_text, nullptr, /*allow_exceptions=*/false);
  if (!articles.is_object()) throw Error("{}: not a JSON object of articles", where);
  for (const auto& [title, article] : articles.items()) {
    if (!article.is_object() || !article.contains("extract"))
      throw Error("{}: article '{}' has no extract", where, title);
    const std::string extract = article["extract"].get<std::string>();
    std::vector<std::string> paragraphs;
    for (const std::string& line : split(extract, '\n')) {
      std::string text;
      append_collapsed(text, line);
      if (text.ends_with(' ')) text.pop_back();
      if (!text.empty()) paragraphs.push_back(std::move(text));
    }
    visit(article.value("topic", "") + "/" + title, std::move(paragraphs));
  }
}

bool is_package_reader(const std::string& reader) {
  return reader == "html" || reader == "json-summaries" || reader == "sword-text" ||
         reader == "sword-commentary";
}

void read_package(const config::CorpusSource& source, const std::filesystem::path& path,
                  const VisitText& visit) {
  if (source.reader == "html") {
    for (const auto& [name, page] : wanted_members(source, path))
      visit(name, html_paragraphs(page));
  } else if (source.reader == "json-summaries") {
    for (const auto& [name, text] : wanted_members(source, path))
      read_summaries(text, path.string() + ": " + name, visit);
  } else {
    check(is_package_reader(source.reader), "published sets are not read as packages");
    read_sword(source, path, source.reader == "sword-text", visit);
  }
}

}  // namespace repro::data
