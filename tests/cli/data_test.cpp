#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/data_corpora.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

// A root of the test's own, because `data import` writes a corpus file into it.
fs::path copy_root(const TemporaryDirectory& folder) {
  const fs::path root = folder.path() / "root";
  fs::create_directories(root);
  for (const char* part : {"experiments", "hardware_profiles", "eval"})
    fs::copy(fs::path(kRoot) / part, root / part, fs::copy_options::recursive);
  return root;
}

TEST_CASE("data list names the corpora and what each stands for", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"data", "list", "--root", kRoot});
  CHECK(ended.exit_code == 0);
  CHECK_THAT(ended.output, Contains("web") && Contains("reference") && Contains("essays") &&
                               Contains("openwebtext") && Contains("cache: "));
}

TEST_CASE("data get prepares what a scale reads, once", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker =
      write_worker(folder, "echo $name >> " + (folder.path() / "started").string() + "\nfinish");
  for (int i = 0; i < 2; ++i) {
    const Finished ended =
        run_in(folder.path(), {"data", "get", "web", "--scale", "smoke", "--root", kRoot}, worker);
    INFO(ended.errors);
    CHECK(ended.exit_code == 0);
    CHECK_THAT(ended.output, Contains("runs/prepare-web-v1024-") &&
                                 Contains("valid      0.40 % of its words stand in 13 in a row"));
  }
  const std::string started = read_file(folder.path() / "started");
  CHECK(std::count(started.begin(), started.end(), '\n') == 1);
}

TEST_CASE("an unknown corpus is refused with a suggestion", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended = run_in(folder.path(), {"data", "get", "refrence", "--root", kRoot});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("no corpus 'refrence' (did you mean 'reference'?)"));
}

TEST_CASE("an imported corpus gets a definition that a run can name", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  const fs::path file = folder.path() / "mine.jsonl";
  std::ofstream(file) << "{\"body\": \"text\"}\n";
  const fs::path worker = write_worker(folder, "finish");
  const Finished ended = run_in(folder.path(),
                                {"data", "import", "mine", file.string(), "--text-field", "body",
                                 "--root", root.string(), "--scale", "smoke"},
                                worker);
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  const config::Corpus corpus = config::find_corpus(root, "mine");
  CHECK(corpus.text_field == "body");
  REQUIRE(corpus.sources.size() == 1);
  CHECK(corpus.sources[0].name == file.string());
  CHECK(corpus.sources[0].reader == "auto");
  CHECK(corpus.sources[0].sha256.size() == 64);
  const Finished plan = run_in(folder.path(), {"plan", "table3", "--scale", "smoke", "--root",
                                               root.string(), "--set", "scale.corpora.c4=mine"});
  INFO(plan.errors);
  CHECK(plan.exit_code == 0);
  CHECK_THAT(plan.output, Contains("mine-v1024"));
}

TEST_CASE("an import raises limits by name and keeps them in its definition", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  const std::string file = (folder.path() / "mine.jsonl").string();
  std::ofstream(file) << "{\"text\": \"text\"}\n";
  const fs::path worker = write_worker(folder, "finish");
  const auto import = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> args = {"data", "import", name, file, "--root", root.string()};
    args.insert(args.end(), more.begin(), more.end());
    return run_in(folder.path(), args, worker);
  };
  const Finished raised = import("mine", {"--limit", "ratio=500", "--limit", "depth=9"});
  INFO(raised.errors);
  REQUIRE(raised.exit_code == 0);
  CHECK(config::find_corpus(root, "mine").limits.ratio == 500);
  CHECK(config::find_corpus(root, "mine").limits.depth == 9);
  CHECK(import("mine", {"--limit", "ratio=500", "--limit", "depth=9"}).exit_code == 0);
  const Finished unknown = import("other", {"--limit", "speed=500"});
  CHECK(unknown.exit_code == 4);
  CHECK_THAT(unknown.errors, Contains("unknown key 'speed'"));
  CHECK(import("other", {"--limit", "ratio"}).exit_code == 64);
  for (const char* name : {"../outside", "a b", ".hidden", "a.toml"})
    CHECK(import(name, {}).exit_code == 64);
  // What no limit raises has no table of limits, as before there were any.
  CHECK(import("other", {}).exit_code == 0);
  CHECK(read_file(config::corpus_path(root, "other")).find("[limits]") == std::string::npos);
}

TEST_CASE("a folder is imported as its files by name, hidden ones left out", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  const fs::path texts = folder.path() / "texts";
  fs::create_directories(texts / "b");
  for (const char* name : {"b/2.txt", "a.txt", ".hidden"}) std::ofstream(texts / name) << "text\n";
  const Finished ended =
      run_in(folder.path(), {"data", "import", "mine", texts.string(), "--root", root.string()},
             write_worker(folder, "finish"));
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  const config::Corpus corpus = config::find_corpus(root, "mine");
  REQUIRE(corpus.sources.size() == 2);
  CHECK(corpus.sources[0].name == (texts / "a.txt").string());
  CHECK(corpus.sources[1].name == (texts / "b/2.txt").string());
}

TEST_CASE("an import whose definition cannot be written is refused before anything is read",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  fs::remove_all(root / "experiments/corpora");
  const fs::path file = folder.path() / "mine.jsonl";
  std::ofstream(file) << "{\"text\": \"text\"}\n";
  const fs::path worker = write_worker(folder, "touch " + (folder.path() / "started").string());
  const Finished ended = run_in(
      folder.path(), {"data", "import", "mine", file.string(), "--root", root.string()}, worker);
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("mine.toml: cannot be written") && Contains("--root"));
  CHECK_FALSE(fs::exists(folder.path() / "started"));
}

TEST_CASE("an import that fails leaves no definition", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  const fs::path file = folder.path() / "mine.jsonl";
  std::ofstream(file) << "not json\n";
  const fs::path worker = write_worker(folder, "echo 'no record is valid' > $dir/FAILED; exit 4");
  const Finished ended = run_in(
      folder.path(), {"data", "import", "mine", file.string(), "--root", root.string()}, worker);
  CHECK(ended.exit_code == 2);
  CHECK_THAT(ended.errors, Contains("no record is valid"));
  CHECK_FALSE(fs::exists(config::corpus_path(root, "mine")));
}

TEST_CASE("a file that is not there is refused before anything starts", "[cli]") {
  TemporaryDirectory folder;
  const Finished ended =
      run_in(folder.path(), {"data", "import", "mine", "absent.jsonl", "--root", kRoot});
  CHECK(ended.exit_code == 4);
  CHECK_THAT(ended.errors, Contains("absent.jsonl: no such file"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("without --root a corpus goes into the user's library, which every verb searches",
          "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  std::ofstream(folder.path() / "mine.jsonl") << "{\"text\": \"text\"}\n";
  fs::create_directories(folder.path() / "root/below");
  const auto in_checkout = [&](std::vector<std::string> args, const fs::path& worker = {}) {
    std::vector<std::string> command = repro_command(folder.path(), args, worker);
    command[2] = (root / "below").string();
    return Process(command).wait();
  };
  const std::string file = (folder.path() / "mine.jsonl").string();
  const Finished ended = in_checkout({"data", "import", "mine", file, "--scale", "smoke"},
                                     write_worker(folder, "finish"));
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  CHECK(fs::exists(folder.path() / "data/repro/experiments/corpora/mine.toml"));
  CHECK_FALSE(fs::exists(root / "experiments/corpora/mine.toml"));
  CHECK_THAT(in_checkout({"data", "list"}).output, Contains("mine") && Contains("web"));
  const Finished plan =
      in_checkout({"plan", "table3", "--scale", "smoke", "--set", "scale.corpora.c4=mine"});
  INFO(plan.errors);
  CHECK(plan.exit_code == 0);
  CHECK_THAT(plan.output, Contains("mine-v1024"));
  // A name that the root has is the root's.
  const Finished taken = in_checkout({"data", "import", "web", file});
  CHECK(taken.exit_code == 4);
  CHECK_THAT(taken.errors, Contains("there is a corpus of this name already"));
}

TEST_CASE("a profile and prices of the user's library are found by name", "[cli]") {
  TemporaryDirectory folder;
  const fs::path own = folder.path() / "data/repro";
  fs::create_directories(own / "hardware_profiles/prices");
  std::ofstream(own / "hardware_profiles/desk.toml") << "name = \"desk\"\nkind = \"cpu\"\n";
  fs::copy_file(fs::path(kRoot) / "hardware_profiles/prices/paper.toml",
                own / "hardware_profiles/prices/here.toml");
  CHECK_THAT(run_in(folder.path(), {"profile", "list", "--root", kRoot}).output, Contains("desk"));
  CHECK(run_in(folder.path(), {"profile", "show", "desk", "--root", kRoot}).exit_code == 0);
  CHECK(run_in(folder.path(), {"price", "table3", "--prices", "here", "--root", kRoot}).exit_code ==
        0);
}

TEST_CASE("hidden folders, locks and descriptions beside the data are not imported", "[cli]") {
  TemporaryDirectory folder;
  const fs::path root = copy_root(folder);
  const fs::path texts = folder.path() / "texts";
  for (const char* name :
       {".git/objects/a.txt", ".cache/huggingface/b.jsonl", "a.jsonl", "a.jsonl.lock",
        "c.parquet.incomplete", "dataset_info.json", "b/d.jsonl"}) {
    fs::create_directories((texts / name).parent_path());
    std::ofstream(texts / name) << "{\"text\": \"text\"}\n";
  }
  const Finished ended =
      run_in(folder.path(), {"data", "import", "mine", texts.string(), "--root", root.string()},
             write_worker(folder, "finish"));
  INFO(ended.errors);
  REQUIRE(ended.exit_code == 0);
  const config::Corpus corpus = config::find_corpus(root, "mine");
  REQUIRE(corpus.sources.size() == 2);
  CHECK(corpus.sources[0].name == (texts / "a.jsonl").string());
  CHECK(corpus.sources[1].name == (texts / "b/d.jsonl").string());
}

}  // namespace
}  // namespace repro::cli
