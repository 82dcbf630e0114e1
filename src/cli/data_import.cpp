#include "cli/data_import.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/data_corpora.hpp"
#include "cli/execution.hpp"
#include "cli/printing.hpp"
#include "config/library.hpp"

namespace repro::cli {
namespace {

struct ImportOptions {
  std::string name;
  std::vector<std::string> files;
  std::string title;
  std::string text_field = "text";
  std::string reader = "auto";
  std::string split;                // "" = by document hash
  std::vector<std::string> limits;  // NAME=VALUE
  std::string scale = "mini";
  bool wait = false;
};

// What downloaders and editors leave beside the files: locks, halves, and the descriptions that
// data sets saved to disk keep next to their Arrow files.
bool is_no_data(const fs::path& file) {
  const std::string name = file.filename().string();
  for (const char* ending : {".lock", ".tmp", ".part", ".incomplete", ".crdownload", "~"})
    if (name.ends_with(ending)) return true;
  for (const char* description : {"dataset_info.json", "dataset_dict.json", "state.json"})
    if (name == description) return true;
  return name.starts_with('.');
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator();
       ++at) {
    // A hidden folder holds a version's history or a downloader's cache.
    if (at->is_directory() && at->path().filename().string().starts_with('.'))
      at.disable_recursion_pending();
    else if (at->is_regular_file() && !is_no_data(at->path()))
      files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The files given, and every file below the folders given, by name; hidden ones, those in hidden
// folders and what is no data are left out.
std::vector<fs::path> files_of(const std::vector<std::string>& given) {
  std::vector<fs::path> files;
  for (const std::string& name : given) {
    const fs::path path = fs::absolute(name);
    if (fs::is_regular_file(path)) files.push_back(path);
    if (fs::is_regular_file(path)) continue;
    if (!fs::is_directory(path)) throw Error("{}: no such file or folder", path.string());
    const std::vector<fs::path> below = files_below(path);
    if (below.empty()) throw Error("{}: holds no file to import", path.string());
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

config::Corpus imported_corpus(const ImportOptions& options) {
  config::Corpus corpus;
  corpus.name = options.name;
  corpus.title = options.title.empty() ? options.name : options.title;
  corpus.filter = false;
  corpus.minimum_words = 1;
  corpus.text_field = options.text_field;
  for (const std::string& limit : options.limits) config::set_limit(corpus.limits, limit);
  for (const fs::path& file : files_of(options.files)) {
    config::CorpusSource source;
    source.kind = "file";
    source.name = file.string();
    source.reader = options.reader;
    source.split = options.split;
    source.bytes = static_cast<int64_t>(fs::file_size(file));
    source.sha256 = sha256_hex_of_file(file);
    corpus.sources.push_back(source);
  }
  config::require_safe_names(corpus);
  return corpus;
}

// Hours of reading must not end in a definition that cannot be written: an installed share/ belongs
// to root.
void check_writable(const fs::path& definition, const fs::path& root) {
  if (::access(definition.parent_path().c_str(), W_OK) == 0) return;
  throw Error(
      "{}: cannot be written; make a root of your own with `cp -r {} {} {} .` and name it with "
      "--root, "
      "or leave --root out: then it is written into your own library",
      definition.string(), shell_quoted((root / "experiments").string()),
      shell_quoted((root / "hardware_profiles").string()), shell_quoted((root / "eval").string()));
}

// A name that the root has is the root's: every verb would find that one.
void check_free(const Context& context, const std::string& name, const fs::path& definition) {
  const auto found = config::look_up(context.root(), "experiments/corpora", name);
  if (found && !fs::exists(definition))
    throw Error("{}: there is a corpus of this name already; give another name",
                found->path.string());
}

Exit import_corpus(const Context& context, const ImportOptions& options) {
  if (!is_plain_name(options.name) || options.name.ends_with(".toml"))
    throw Error(Exit::usage,
                "data import {}: a corpus is named by a word of letters, digits, - _ . +, not by a "
                "path",
                options.name);
  const fs::path definition = config::corpus_path(context.own_library(), options.name);
  check_free(context, options.name, definition);
  if (!context.root_option) make_directories(definition.parent_path());
  check_writable(definition, context.root());
  const config::Corpus corpus = imported_corpus(options);
  if (fs::exists(definition) && read_file(definition) != config::to_toml(corpus))
    throw Error("{}: there is a corpus of this name already; give another name or remove the file",
                definition.string());
  run::JobGraph graph;
  graph.add(prepare_job(context, corpus, options.scale));
  run::RunsLock lock(context.runs, "data import " + options.name, options.wait);
  const Exit exit = execute_missing(context, lock, graph);
  if (exit != Exit::ok) return exit;
  // Only a corpus that could be read is worth a name.
  write_file_atomically(definition, config::to_toml(corpus));
  print_splits(context, graph);
  if (!context.json)
    say("wrote {}; use it with --set scale.corpora.ROLE={}\n", definition.string(),
        shell_quoted(options.name));
  return Exit::ok;
}

}  // namespace

void add_data_import(Program& program, CLI::App& parent) {
  CLI::App& verb =
      program.add_verb(parent, "import", "make a corpus of files you have",
                       "  repro data import c4-local c4-train.*.json.gz --text-field text\n"
                       "  repro data import mine a.jsonl.zst b.parquet\n"
                       "  repro data import books folder-of-txt --reader text\n"
                       "  repro run table3 --set scale.corpora.c4=c4-local\n"
                       "Its definition is written into your own library, "
                       "${XDG_DATA_HOME:-~/.local/share}/repro, which every\n"
                       "verb searches; with --root, into that root.");
  auto options = std::make_shared<ImportOptions>();
  verb.add_option("name", options->name, "of the new corpus")->required();
  verb.add_option("files", options->files,
                  "JSON lines, Parquet or plain text, also compressed, or folders of them")
      ->required();
  verb.add_option("--text-field", options->text_field, "field or column that holds the text")
      ->capture_default_str();
  verb.add_option("--reader", options->reader,
                  "jsonl, parquet, text, or auto: by the file's first bytes")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "jsonl", "parquet", "text"}));
  verb.add_option("--split", options->split, "train, valid or test; default: by document hash")
      ->check(CLI::IsMember({"train", "valid", "test"}));
  verb.add_option("--title", options->title, "for reports");
  verb.add_option("--limit", options->limits,
                  "raise how far files may expand, as NAME=VALUE; an error names the limit that it "
                  "met; may be repeated")
      ->allow_extra_args(false);
  add_scale_and_wait(verb, options->scale, options->wait);
  program.on(verb, [&program, options] { return import_corpus(program.context(), *options); });
}

}  // namespace repro::cli
