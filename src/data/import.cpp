#include "data/import.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "data/fetch.hpp"
#include "data/records.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

void require_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed))
    throw Error("corpus name '{}': use letters, digits, '-' and '_'", name);
}

// A TOML basic string.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string definition_text(const config::Corpus& corpus) {
  std::string text = fmt::format(
      "# Written by an import; importing again replaces it.\n"
      "name          = {}\ntitle         = {}\nstands_for    = {}\nfilter        = false\n"
      "minimum_words = {}\ntext_field    = {}\n",
      quoted(corpus.name), quoted(corpus.title), quoted(corpus.stands_for), corpus.minimum_words,
      quoted(corpus.text_field));
  for (const config::CorpusSource& source : corpus.sources)
    text += fmt::format(
        "\n[[sources]]\nkind   = \"file\"\nname   = {}\nsha256 = {}\nbytes  = {}\nreader = {}\n"
        "split  = {}\n",
        quoted(source.name), quoted(source.sha256), source.bytes, quoted(source.reader),
        quoted(source.split));
  return text;
}

config::CorpusSource describe_source(const ImportFile& file) {
  config::CorpusSource source;
  source.kind = "file";
  source.name = fs::absolute(file.path).lexically_normal().string();
  source.reader = reader_for(source.name);
  source.split = file.split;
  const FetchedFile whole = describe_file(source.name, source.name);
  source.sha256 = whole.sha256;
  source.bytes = whole.bytes;
  return source;
}

config::Corpus describe_corpus(const ImportRequest& request, const ProgressCallback& progress) {
  config::Corpus corpus;
  corpus.name = request.name;
  corpus.title = fmt::format("{}, imported from {} files", request.name, request.files.size());
  corpus.stands_for = request.stands_for;
  corpus.filter = false;
  corpus.minimum_words = 0;
  corpus.text_field = request.text_field;
  for (const ImportFile& file : request.files) {
    progress("checksum", static_cast<double>(corpus.sources.size()),
             static_cast<double>(request.files.size()), "files");
    corpus.sources.push_back(describe_source(file));
  }
  return corpus;
}

}  // namespace

ImportResult import_files(const ImportRequest& request, const fs::path& cache,
                          const ProgressCallback& progress) {
  require_name(request.name);
  if (request.files.empty()) throw Error("import '{}': no files given", request.name);
  ImportResult result;
  result.corpus = describe_corpus(request, progress);
  result.text = corpus_text(result.corpus, cache, progress);
  const fs::path folder = cache / "corpora-imported" / request.name;
  make_directories(folder);
  result.definition = folder / (request.name + ".toml");
  write_file_atomically(result.definition, definition_text(result.corpus));
  write_file_atomically(folder / "meta.json", json(result).dump(2) + "\n");
  return result;
}

void to_json(json& object, const ImportResult& result) {
  object = {{"name", result.corpus.name},
            {"definition", result.definition.string()},
            {"documents", result.text.documents.string()},
            {"files", result.text.packages},
            {"dropped", result.text.dropped}};
  for (const auto& [name, split] : result.text.splits) object["splits"][name] = split;
}

}  // namespace repro::data
