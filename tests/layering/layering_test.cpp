// The dependency rule of ARCHITECTURE.md, checked on the sources themselves: a folder of src/ may
// include only the folders of its row, and each third party comes in through its one door.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

namespace repro {
namespace {

using Folders = std::set<std::string>;

// Folder -> what it may include besides itself.
const std::map<std::string, Folders> kMayInclude = {
    {"base", {}},
    {"config", {"base"}},
    {"run", {"base", "config"}},
    {"measure", {"base", "config"}},
    {"claims", {"base", "config", "measure"}},
    {"plan", {"base", "config", "run", "measure"}},
    {"forecast", {"base", "config", "run", "measure", "plan"}},
    {"launch", {"base", "config", "run"}},
    {"findings", {"base", "config", "run", "measure", "claims", "plan"}},
    {"report", {"base", "config", "run", "measure", "claims", "plan", "findings"}},
    {"import", {"base", "config", "run", "measure"}},
    {"exchange", {"base", "config"}},
    {"trackers", {"base", "config", "run"}},
    {"check", {"base", "config", "run", "measure", "plan", "import"}},
    {"cli",
     {"base", "config", "run", "measure", "claims", "plan", "forecast", "launch", "findings",
      "report", "import", "exchange", "check", "trackers"}},
    {"data", {"base", "config", "exchange"}},
    {"model", {"base", "config"}},
    {"methods", {"base", "config", "data", "model"}},
    {"eval", {"base", "config", "data", "model"}},
    {"train", {"base", "config", "data", "run", "measure", "model", "methods", "eval"}},
    {"probe", {"base", "config", "data", "run", "measure", "model", "methods", "eval", "train"}},
    {"worker",
     {"base", "config", "run", "measure", "data", "model", "methods", "eval", "train", "probe"}},
    {"bench",
     {"base", "config", "data", "run", "measure", "claims", "check", "model", "methods", "train",
      "probe"}},
};

// The first folder or name of a third party's headers -> where it may be included: a folder, or a
// beginning of file names. Torch's own subfolders count as torch.
const std::vector<std::pair<std::string, std::vector<std::string>>> kDoors = {
    {"toml", {"config/toml_reader.cpp"}},
    {"boost/process", {"base/process.cpp"}},
    {"boost/math", {"measure/stats.cpp", "measure/power.cpp"}},
    {"CLI", {"cli/"}},
    {"utf8proc", {"base/unicode.cpp"}},
    {"archive", {"data/formats/archive_reader.cpp"}},
    {"lzma", {"data/formats/inflate.cpp"}},
    {"arrow", {"data/formats/columnar.cpp"}},
    {"parquet", {"data/formats/columnar.cpp"}},
    {"gumbo", {"data/formats/html.cpp"}},
    {"curl", {"data/sources/download.cpp"}},
    {"sentencepiece", {"data/tokens/tokenizer"}},
    {"oniguruma", {"data/tokens/expression.cpp"}},
    {"sqlite3", {"trackers/sqlite.cpp"}},
    {"openssl", {"base/hash.cpp"}},
    {"benchmark", {"bench/"}},
    {"torch", {"model/", "methods/", "eval/", "train/", "probe/", "worker/", "bench/"}},
    {"ATen", {"model/", "methods/", "eval/", "train/", "probe/", "worker/", "bench/"}},
    {"c10", {"model/", "methods/", "eval/", "train/", "probe/", "worker/", "bench/"}},
};

struct Include {
  std::string file;  // below src/: "launch/local.cpp"
  int line = 0;
  std::string header;
  bool ours = false;  // "in quotes"
};

std::vector<Include> includes_of(const fs::path& root) {
  static const std::regex kPattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".cpp" && extension != ".hpp") continue;
    std::ifstream file(entry.path());
    std::string text;
    std::smatch match;
    for (int line = 1; std::getline(file, text); ++line)
      if (std::regex_search(text, match, kPattern))
        includes.push_back({fs::relative(entry.path(), root).string(), line, match[2].str(),
                            match[1].str() == "\""});
  }
  return includes;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

std::string where(const Include& include) {
  return include.file + ":" + std::to_string(include.line) + ": " + include.header;
}

std::vector<std::string> folder_violations(const std::vector<Include>& includes) {
  std::vector<std::string> violations;
  for (const Include& include : includes) {
    if (!include.ours) continue;
    const std::string from = folder_of(include.file);
    const std::string to = folder_of(include.header);
    const auto row = kMayInclude.find(from);
    if (row == kMayInclude.end() || (to != from && !row->second.contains(to)))
      violations.push_back(where(include));
  }
  return violations;
}

bool starts_with_part(const std::string& header, const std::string& door) {
  if (!header.starts_with(door)) return false;
  return header.size() == door.size() ||
         std::string("/._").find(header[door.size()]) != std::string::npos ||
         door == "sentencepiece" || (door == "toml" && header.starts_with("toml++"));
}

std::vector<std::string> door_violations(const std::vector<Include>& includes) {
  std::vector<std::string> violations;
  for (const Include& include : includes) {
    if (include.ours) continue;
    for (const auto& [party, places] : kDoors)
      if (starts_with_part(include.header, party) &&
          std::none_of(places.begin(), places.end(),
                       [&](const std::string& place) { return include.file.starts_with(place); }))
        violations.push_back(where(include));
  }
  return violations;
}

std::vector<std::string> json_violations(const std::vector<Include>& includes) {
  std::vector<std::string> violations;
  // Jobs and rows of tasks hold JSON values by design; run/run_directory.hpp hands them out.
  const std::set<std::string> exceptions = {"run/job.hpp", "run/run_directory.hpp",
                                            "data/tasks/task_items.hpp"};
  for (const Include& include : includes)
    if (include.header == "nlohmann/json.hpp" && include.file.ends_with(".hpp") &&
        !exceptions.contains(include.file))
      violations.push_back(where(include));
  return violations;
}

// Their names alone: an address, another each time, may read "c10".
std::string linked_libraries(const std::string& program) {
  TemporaryDirectory folder;
  const fs::path out = folder.path() / "ldd";
  const std::string command = "ldd " + program + " > " + out.string();
  REQUIRE(std::system(command.c_str()) == 0);
  return std::regex_replace(read_file(out), std::regex(R"(\(0x[0-9a-f]+\))"), "");
}

const fs::path kSources = fs::path(REPRO_TESTS).parent_path() / "src";

TEST_CASE("every folder includes only the folders of its row", "[layering]") {
  CHECK(folder_violations(includes_of(kSources)) == std::vector<std::string>{});
}

TEST_CASE("every third party comes in through its one door", "[layering]") {
  CHECK(door_violations(includes_of(kSources)) == std::vector<std::string>{});
}

TEST_CASE("headers name JSON values but do not include the JSON library", "[layering]") {
  CHECK(json_violations(includes_of(kSources)) == std::vector<std::string>{});
}

TEST_CASE("JSON is parsed in one place, which bounds its depth", "[layering]") {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(kSources)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.find("json::parse(") != std::string::npos)
      found.push_back(fs::relative(entry.path(), kSources).string());
  }
  // A file of articles is taken piece by piece.
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<std::string>{"base/json.cpp", "data/formats/readers.cpp"});
}

// Lines of the harness that speak of one paper; what ends a --help may show its names.
std::vector<std::string> paper_words(const fs::path& root, const std::set<std::string>& rooms) {
  static const std::regex kWords(R"(disco|submodel|fine-?tun|\btable[0-9]|ds_moe|\bemo\b)",
                                 std::regex::icase);
  std::vector<std::string> found;
  for (const std::string& room : rooms)
    for (const auto& entry : fs::recursive_directory_iterator(root / room)) {
      std::ifstream file(entry.path());
      std::string text;
      for (int line = 1; std::getline(file, text); ++line) {
        const bool example = text.find("repro ") != std::string::npos ||
                             text.find("see `repro list`") != std::string::npos ||
                             text.find("how to price: ") != std::string::npos;
        if (!example && std::regex_search(text, kWords))
          found.push_back(fs::relative(entry.path(), root).string() + ":" + std::to_string(line));
      }
    }
  return found;
}

TEST_CASE("no room between manifest and report holds a word of one paper", "[layering]") {
  CHECK(paper_words(kSources, {"cli", "report", "findings", "forecast", "measure", "run",
                               "launch"}) == std::vector<std::string>{});
}

TEST_CASE("verbs speak through the one door that replaces control characters", "[layering]") {
  static const std::regex kPrints(R"(fmt::print|std::cout|std::cerr|printf|fputs|fwrite)");
  // The door itself, and the progress lines' own control sequences.
  const std::set<std::string> doors = {"printing.cpp", "progress.cpp"};
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(kSources / "cli"))
    if (!doors.contains(entry.path().filename().string()) &&
        std::regex_search(read_file(entry.path()), kPrints))
      found.push_back(entry.path().filename().string());
  CHECK(found == std::vector<std::string>{});
}

TEST_CASE("every folder of src has a row", "[layering]") {
  for (const auto& entry : fs::directory_iterator(kSources))
    if (entry.is_directory()) CHECK(kMayInclude.contains(entry.path().filename().string()));
}

TEST_CASE("a forbidden include is found, with its file and line", "[layering]") {
  TemporaryDirectory folder;
  fs::create_directories(folder.path() / "base");
  std::ofstream(folder.path() / "base/bad.cpp")
      << "#include \"base/bad.hpp\"\n#include \"config/node.hpp\"\n#include <toml++/toml.h>\n";
  const auto includes = includes_of(folder.path());
  CHECK(folder_violations(includes) == std::vector<std::string>{"base/bad.cpp:2: config/node.hpp"});
  CHECK(door_violations(includes) == std::vector<std::string>{"base/bad.cpp:3: toml++/toml.h"});
}

TEST_CASE("repro links neither LibTorch nor Arrow", "[layering]") {
  const std::string libraries = linked_libraries(std::string(REPRO_BUILD) + "/repro");
  CHECK(libraries.find("libc.so") != std::string::npos);
  for (const char* heavy : {"torch", "c10", "arrow", "parquet", "sentencepiece"})
    CHECK(libraries.find(heavy) == std::string::npos);
}

}  // namespace
}  // namespace repro
