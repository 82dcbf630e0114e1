#include "config/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/unicode.hpp"
#include "config/library.hpp"
#include "config/toml_writer.hpp"

namespace repro::config {
namespace {

const std::filesystem::path kFolder = "experiments/corpora";

// What may change cannot be the published corpus.
void check_published(const Corpus& corpus, const Node& root, Problems& problems) {
  if (corpus.published.empty()) return;
  for (const CorpusSource& source : corpus.sources)
    if (!has_fingerprint(source))
      problems.add(root.find("published")->source,
                   "published = \"{}\", but '{}' has no fingerprint; give its sha256 or an address "
                   "with a revision of 40 hex digits, or leave published out: a stand-in",
                   corpus.published, source.name);
}

constexpr std::string_view kDigits = "0123456789";
const std::string kLower = "abcdefghijklmnopqrstuvwxyz" + std::string(kDigits);
const std::string kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + kLower;

// A letter or digit, then those of `more` as well; no longer than a name of a file may be.
bool is_word_of(std::string_view text, std::string_view letters, std::string_view more) {
  constexpr size_t kLongest = 120;
  return !text.empty() && text.size() <= kLongest && letters.find(text[0]) != letters.npos &&
         text.find_first_not_of(std::string(letters) + std::string(more)) == text.npos;
}

bool is_address(std::string_view text) {
  constexpr size_t kLongest = 2000;
  const size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || text.size() > kLongest || text.size() == scheme) return false;
  return kAlphanumeric.find(text[scheme]) != std::string::npos &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > 0x20 && c < 0x7F &&
                  std::string_view("\"<>\\^`{|}").find(c) == std::string::npos;
         });
}

// What the name of a source of this kind must be; nothing when it is.
std::optional<std::string> name_expected(const CorpusSource& source) {
  if (source.kind == "deb" && !is_word_of(source.name, kLower, "+-."))
    return "a Debian package's name (a-z, 0-9, + - .)";
  if (source.kind == "wheel" && !is_word_of(source.name, kAlphanumeric, "-_."))
    return "a project's name in the Python index (letters, digits, - _ .)";
  if (source.kind == "url" && !is_address(source.name))
    return "an address (http:// or https://, no spaces; write others as %20)";
  if (source.kind == "file" && (source.name.empty() || printable_line(source.name) != source.name))
    return "the path of a file, in UTF-8 and without control characters; rename it";
  return std::nullopt;
}

std::optional<std::string> version_expected(const CorpusSource& source) {
  if (source.version.empty()) return std::nullopt;
  if (source.kind == "wheel" && !is_word_of(source.version, kAlphanumeric, "-_.+!"))
    return "a version (letters, digits, - _ . + !)";
  if (source.kind != "wheel" && !is_word_of(source.version, kAlphanumeric, "-.+:~"))
    return "a version (letters, digits, - . + : ~)";
  return std::nullopt;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// The line of the value at fault; of its table where it is missing.
Source place_of(const Node& root, const NameProblem& problem) {
  const Node* table = &root;
  const Node* sources = root.find("sources");
  if (problem.source >= 0 && sources != nullptr && sources->array() != nullptr)
    table = &sources->array()->at(static_cast<size_t>(problem.source));
  const Node* value = table->find(problem.key);
  return value != nullptr ? value->source : table->source;
}

}  // namespace

bool has_fingerprint(const CorpusSource& source) {
  constexpr size_t kRevisionDigits = 40;
  if (!source.sha256.empty()) return true;
  size_t digits = 0;
  for (const char c : source.name + "/") {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (c == '/' && digits == kRevisionDigits) return source.kind == "url";
    digits = c == '/' ? 0 : hex ? digits + 1 : kRevisionDigits + 1;
  }
  return false;
}

std::vector<NameProblem> name_problems(const std::string& name,
                                       const std::vector<CorpusSource>& sources) {
  std::vector<NameProblem> problems;
  const auto expect = [&](int source, const char* key, const std::string& value,
                          const std::optional<std::string>& expected) {
    if (expected)
      problems.push_back(
          {source, key, fmt::format("{} = \"{}\": expected {}", key, value, *expected)});
  };
  if (!is_plain_name(name))
    expect(-1, "name", name, "a word of letters, digits, - _ . + that begins with no sign");
  for (size_t i = 0; i < sources.size(); ++i) {
    const CorpusSource& source = sources[i];
    const int number = static_cast<int>(i);
    expect(number, "name", source.name, name_expected(source));
    expect(number, "version", source.version, version_expected(source));
    if (!source.sha256.empty() && !is_sha256(source.sha256))
      expect(number, "sha256", source.sha256, "64 digits of 0-9 and a-f");
  }
  return problems;
}

void require_safe_names(const Corpus& corpus) {
  for (const NameProblem& problem : name_problems(corpus.name, corpus.sources))
    throw Error("corpus '{}': {}", corpus.name, problem.text);
}

void set_limit(CorpusLimits& limits, const std::string& setting) {
  if (setting.find('=') == std::string::npos)
    throw Error(Exit::usage, "--limit {}: expected NAME=VALUE, as in ratio=500", setting);
  Problems problems;
  auto [path, value] = parse_setting(setting);
  value.source = {"--limit", 0};
  Node table{Node::Table{}, value.source};
  set_path(table, path, std::move(value), problems);
  read_node(
      table, [&](Fields& fields) { describe(fields, limits); }, problems);
  problems.throw_if_any();
}

void describe(Fields& fields, CorpusSource& source) {
  fields.field("kind", source.kind, one_of({"deb", "wheel", "url", "file"}) + required());
  fields.field("name", source.name, required());
  fields.field("version", source.version);
  fields.field("sha256", source.sha256);
  fields.field("bytes", source.bytes, at_least(0));
  fields.field("reader", source.reader,
               one_of({"html", "json-summaries", "text-paragraphs", "dictionary", "jsonl",
                       "parquet", "text", "auto"}) +
                   required());
  fields.field("split", source.split, one_of({"", "train", "valid", "test"}));
  fields.field("minimum_words", source.minimum_words, at_least(0));
  fields.field("include", source.include);
  fields.field("exclude", source.exclude);
}

void describe(Fields& fields, CorpusLimits& limits) {
  const Range any = between(1, 1e15);
  fields.field("depth", limits.depth, between(1, 64));
  fields.field("ratio", limits.ratio, any);
  fields.field("member_bytes", limits.member_bytes, any);
  fields.field("total_bytes", limits.total_bytes, any);
  fields.field("members", limits.members, any);
  fields.field("records", limits.records, any);
  fields.field("record_bytes", limits.record_bytes, any);
  fields.field("memory_bytes", limits.memory_bytes, any);
  fields.field("nesting", limits.nesting, any);
  fields.field("free_bytes", limits.free_bytes, between(0, 1e15));
}

namespace {

void describe_but_limits(Fields& fields, Corpus& corpus) {
  fields.field("name", corpus.name, required());
  fields.field("title", corpus.title);
  fields.field("stands_for", corpus.stands_for);
  fields.field("published", corpus.published);
  fields.field("licence", corpus.licence);
  fields.field("filter", corpus.filter);
  fields.field("minimum_words", corpus.minimum_words, at_least(0));
  fields.field("text_field", corpus.text_field);
  fields.list("sources", corpus.sources, required());
}

}  // namespace

void describe(Fields& fields, Corpus& corpus) {
  describe_but_limits(fields, corpus);
  fields.table("limits", corpus.limits);
}

Corpus load_corpus(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = read_toml(path, shown_as);
  Corpus corpus = from_node<Corpus>(root, problems);
  for (const NameProblem& problem : name_problems(corpus.name, corpus.sources))
    problems.add_text(place_of(root, problem), problem.text);
  for (const CorpusSource& source : corpus.sources)
    if (source.kind == "wheel" && (source.version.empty() || source.sha256.empty()))
      problems.add(root.source, "wheel '{}' needs version and sha256", source.name);
  check_published(corpus, root, problems);
  problems.throw_if_any();
  return corpus;
}

Corpus find_corpus(const std::filesystem::path& root, const std::string& name) {
  const LibraryFile file = find_file(root, kFolder, name, "corpus");
  return load_corpus(file.path, file.shown_as);
}

std::filesystem::path corpus_path(const std::filesystem::path& root, const std::string& name) {
  return root / kFolder / (name + ".toml");
}

std::vector<std::string> corpus_names(const std::filesystem::path& root) {
  return library_names(root, kFolder);
}

std::string to_toml(const Corpus& corpus) {
  Corpus copy = corpus;
  const bool raised = !to_json(corpus.limits).empty();
  return write_toml(
      [&](Fields& fields) { raised ? describe(fields, copy) : describe_but_limits(fields, copy); },
      "Files of one's own, written by `repro data import`.");
}

}  // namespace repro::config
