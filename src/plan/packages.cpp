#include "plan/packages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace repro::plan {
namespace {

using nlohmann::json;

fs::path lock_path(const fs::path& cache) { return cache / "packages.lock"; }

FileLock hold(const fs::path& cache) {
  make_directories(cache);
  return FileLock::acquire(cache / ".packages.lock");
}

json read_lock(const fs::path& cache) {
  const fs::path path = lock_path(cache);
  if (!fs::exists(path)) return json::object();
  json lock = parse_json(read_file(path));
  if (!lock.is_object())
    throw Error("{}: not a JSON object of packages; remove it and run the same command again",
                path.string());
  return lock;
}

void write_lock(const fs::path& cache, const json& lock) {
  write_file_atomically(lock_path(cache), lock.dump(2) + "\n");
}

bool is_open(const config::CorpusSource& source) {
  return source.kind == "deb" && source.sha256.empty();
}

// A lock that was edited may lack a field; such an entry is none.
void fill(config::CorpusSource& source, const json& lock) {
  const auto entry = lock.find(source.name);
  if (entry == lock.end() || !entry->is_object()) return;
  source.version = entry->value("version", "");
  source.sha256 = entry->value("sha256", "");
}

void fill_all(config::Corpus& corpus, const json& lock) {
  for (config::CorpusSource& source : corpus.sources)
    if (is_open(source)) fill(source, lock);
}

std::vector<std::string> open_names(const config::Corpus& corpus) {
  std::vector<std::string> names;
  for (const config::CorpusSource& source : corpus.sources)
    if (is_open(source)) names.push_back(source.name);
  return names;
}

bool has_lists(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().find("_Packages") != std::string::npos) return true;
  return false;
}

// Whether it went well; a machine without network answers within seconds.
bool update_lists() {
  return run_to_end({.words = {"apt-get", "-o", "Acquire::Retries=0", "-o",
                               "Acquire::http::Timeout=10", "-qq", "update"}})
      .status.clean();
}

PackageVersions ask(const std::vector<std::string>& names, const fs::path& lists) {
  if (!find_program("apt-get")) return {};
  if (!has_lists(lists)) update_lists();
  Command command{.words = {"apt-get", "download", "--print-uris", "--"}};
  command.words.insert(command.words.end(), names.begin(), names.end());
  return parse_print_uris(run_to_end(command).output);
}

}  // namespace

PackageVersions parse_print_uris(std::string_view output) {
  // 'http://.../git-doc_2.39.5_all.deb' git-doc_1%3a2.39.5_all.deb 2153500 SHA256:3c89...
  constexpr std::string_view kHash = "SHA256:";
  PackageVersions packages;
  for (const std::string& line : split(output, '\n')) {
    const std::vector<std::string> words = split(trim(line), ' ');
    if (words.size() != 4 || !words[3].starts_with(kHash)) continue;
    const std::vector<std::string> parts = split(words[1], '_');
    if (parts.size() != 3) continue;
    std::string version = parts[1];
    if (const size_t colon = version.find("%3a"); colon != std::string::npos)
      version.replace(colon, 3, ":");
    packages[parts[0]] = {version, words[3].substr(kHash.size())};
  }
  return packages;
}

void resolve_packages(config::Corpus& corpus, const fs::path& cache, const fs::path& lists) {
  if (open_names(corpus).empty()) return;
  const FileLock held = hold(cache);
  json lock = read_lock(cache);
  fill_all(corpus, lock);
  const std::vector<std::string> names = open_names(corpus);
  if (names.empty()) return;
  const PackageVersions answered = ask(names, lists);
  if (answered.empty()) return;
  for (const auto& [name, package] : answered)
    lock[name] = {{"version", package.version}, {"sha256", package.sha256}};
  write_lock(cache, lock);
  fill_all(corpus, lock);
}

void forget_packages(const config::Corpus& corpus, const fs::path& cache) {
  const FileLock held = hold(cache);
  json lock = read_lock(cache);
  for (const config::CorpusSource& source : corpus.sources)
    if (source.kind == "deb") lock.erase(source.name);
  write_lock(cache, lock);
  if (find_program("apt-get")) update_lists();
}

}  // namespace repro::plan
