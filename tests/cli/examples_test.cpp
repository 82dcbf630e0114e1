// What the documents and the help texts tell a user to type is typed here: in a folder with a root
// of its own, files of the names they mention, and a worker that ends each job at once.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "base/text.hpp"
#include "cli/repro_process.hpp"
#include "cluster/fake_slurm.hpp"
#include "config/profile.hpp"
#include "exchange/published_fixture.hpp"

namespace repro::cli {
namespace {

const fs::path kTests = REPRO_TESTS;

// What `profile measure` would find on a machine that holds the paper's models.
config::Measurement measurement() {
  config::Measurement measured;
  measured.date = "2026-02-01";
  measured.certified = true;
  for (const char* model : {"qwen_moe", "llama_moe"})
    for (const char* phase : {"full", "one-expert"})
      measured.steps.push_back(
          {model, phase, "paper", "bf16-mixed", 16, 1024, 24, 2048, 1e10, 2.0});
  return measured;
}

constexpr const char* kAnswers = R"({"tasks": {"piqa": {"items": 4, "window": 2048, "truncated": 0,
  "beyond_training": 0, "constant": 0.5, "chance": 0.5,
  "acc": {"value": 0.5, "stderr": 0.2, "doubts": []},
  "acc_norm": {"value": 0.5, "stderr": 0.2, "doubts": []},
  "acc_bytes": {"value": 0.5, "stderr": 0.2, "doubts": []}}}})";

// Everything the examples mention, under the names they use.
class World {
 public:
  World() {
    fs::create_directories(path() / "docs");
    for (const char* part : {"eval", "experiments", "hardware_profiles", "docs/example"})
      fs::copy(fs::path(kRoot) / part, path() / part, fs::copy_options::recursive);
    make_logs_and_catalogs();
    make_texts();
    fs::create_directories(path() / "hardware_profiles/sites");
    write_file_atomically(path() / "hardware_profiles/sites/here.toml", two_partitions());
    fs::copy(exchange::PublishedFixture::qwen().path(), path() / "my-checkpoint");
    fs::copy(path() / "experiments/claims/moe_disco.toml", path() / "my_claims.toml");
    worker_ = write_worker(folder_, "case $kind in probe) cp " + (path() / "probe.json").string() +
                                        " \"$dir/result.json\"; touch \"$dir/DONE\" ;; " +
                                        "*) finish ;; esac; case $dir in */answers-*) cp " +
                                        (path() / "answers.json").string() +
                                        " \"$dir/result.json\"; : >\"$dir/DONE\" ;; esac");
    write_file_atomically(path() / "answers.json", kAnswers);
    write_file_atomically(path() / "probe.json",
                          nlohmann::json{{"measurement", config::to_json(measurement())}}.dump());
    for (const char* words : {"profile measure --name mine", "run table3 --scale smoke"})
      if (const Finished ended = run(words); ended.exit_code != 0)
        FAIL("repro " << words << ": " << ended.errors);
    for (const char* copy : {"runs/train-a", "other/train-a"}) copy_training(copy);
    make_history();
  }

  fs::path path() const { return folder_.path(); }
  Finished run(const std::string& words) const {
    std::vector<std::string> args;
    for (const std::string& word : split(words, ' '))
      if (!word.empty()) add_expanded(word == "RUN" ? training() : word, args);
    std::vector<std::string> command = repro_command(path(), args, worker_);
    command.insert(command.begin() + 3,
                   "BROWSER=true");  // behind env's -C FOLDER: --open shows nothing
    return Process(command).wait();
  }

 private:
  // As a shell does with a star.
  void add_expanded(const std::string& word, std::vector<std::string>& args) const {
    const size_t star = word.find('*');
    if (star == std::string::npos) return args.push_back(word);
    for (const auto& entry : fs::directory_iterator(path()))
      if (entry.path().filename().string().starts_with(word.substr(0, star)))
        args.push_back(entry.path().filename().string());
  }

  void make_logs_and_catalogs() const {
    const fs::path logs = kTests / "import/logs";
    for (const char* name : {"train.log", "run.log"})
      fs::copy(logs / "megatron.log", path() / name);
    fs::copy(logs / "nanogpt.log", path() / "out.log");
    fs::copy(logs / "trainer_state.json", path() / "trainer_state.json");
    const fs::path catalog = path() / "catalogs/v8/vast";
    fs::create_directories(catalog);
    for (const fs::path& to : {path(), catalog})
      fs::copy(kTests / "import/catalogs/vast.csv", to / "vms.csv");
  }

  void make_texts() const {
    fs::create_directories(path() / "folder-of-txt");
    for (const char* name : {"c4-train.0.json.gz", "c4-train.1.json.gz", "a.jsonl.zst", "b.parquet",
                             "folder-of-txt/a.txt", "mine.jsonl"})
      std::ofstream(path() / name) << "a text\n";  // the worker reads none
  }

  void make_history() const {
    constexpr const char* kCheck =
        R"({"name": "smoke", "numbers": {"loss": {"value": 5, "tolerance": 0.01, "worse": 1}}})";
    fs::create_directories(path() / "runs/check");
    for (const char* file : {"runs/check/history.jsonl", "a.jsonl", "b.jsonl"})
      std::ofstream(path() / file) << kCheck << "\n";
  }

  std::string training() const {
    for (const auto& entry : fs::directory_iterator(path() / "runs"))
      if (entry.path().filename().string().starts_with("train-qwen_moe-c4-full-s0"))
        return entry.path().filename();
    return "";
  }

  void copy_training(const std::string& to) const {
    for (const auto& entry : fs::directory_iterator(path() / "runs"))
      if (entry.path().filename().string().starts_with("train-qwen_moe-c4-full-s0")) {
        fs::create_directories((path() / to).parent_path());
        return fs::copy(entry.path(), path() / to, fs::copy_options::recursive);
      }
  }

  FakeSlurm slurm_;
  TemporaryDirectory folder_;
  fs::path worker_;
};

// Every repro of a line, "repro" itself left out, without remarks, pipes and a newcomer's
// placeholders.
void add_commands(std::string line, std::vector<std::string>& commands) {
  line = std::regex_replace(line, std::regex(R"( *\|.*$)"), "");        // a pipe
  line = std::regex_replace(line, std::regex(R"( {2,}[^- ].*$)"), "");  // a remark
  line = std::regex_replace(line, std::regex(R"( *>> .*$)"), "");       // where it goes
  const std::vector<std::pair<std::string, std::string>> placeholders = {
      {"plan NAME", "plan table3"},
      {"get NAME", "get web"},
      {"audit PAPER", "audit moe-disco"},
      {"--against BASE NEW", "--against runs/train-a other/train-a"},
      {"import NAME FILE...", "import named mine.jsonl"}};
  for (const auto& [what, with] : placeholders)
    if (const size_t at = line.find(what); at != std::string::npos)
      line.replace(at, what.size(), with);
  const std::regex command(R"((?:^|&& )(?:build/release/)?repro ([a-z][^&]*[^& ]))");
  for (std::sregex_iterator at(line.begin(), line.end(), command), end; at != end; ++at)
    commands.push_back((*at)[1]);
}

// What needs a worker that trains is typed in check_test.cpp.
bool needs_training(const std::string& words) {
  return words.starts_with("golden ") || words.starts_with("check smoke");
}

// Lines of a document's fenced blocks, and spans of its text.
std::vector<std::string> commands_of(const fs::path& document) {
  std::vector<std::string> commands;
  const std::string text = read_file(document);
  const std::regex span(R"(`(repro [a-z][^`]*)`)");
  for (std::sregex_iterator at(text.begin(), text.end(), span), end; at != end; ++at)
    add_commands((*at)[1], commands);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) add_commands(line, commands);
  return commands;
}

// Lines of a verb's help after "Examples:".
std::vector<std::string> examples_of(const World& world, const std::string& verb) {
  std::string help = world.run(verb + " --help").output;
  help = std::regex_replace(help, std::regex(R"(\\\n +)"), "");
  std::vector<std::string> commands;
  const size_t examples = help.find("Examples:");
  std::istringstream lines(examples == std::string::npos ? "" : help.substr(examples));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  ")) add_commands(line.substr(2), commands);
  return commands;
}

void check_runs(const World& world, const std::string& words) {
  const Finished ended = world.run(words);
  INFO("repro " << words << "\n" << ended.errors);
  const bool gate = words.starts_with("audit") && words.find("--no-gate") == std::string::npos;
  CHECK(ended.exit_code == (gate ? 1 : 0));  // the paper's numbers contradict one another
  CHECK(ended.errors.find("error") == std::string::npos);
  CHECK(std::count(ended.output.begin(), ended.output.end(), '\n') >= 1);  // and says something
}

TEST_CASE("every command of the documents runs", "[cli]") {
  const World world;
  for (const char* document : {"README.md", "CONTRIBUTING.md"}) {
    const std::vector<std::string> commands = commands_of(fs::path(kRoot) / document);
    CHECK(commands.size() >= 3);
    for (const std::string& words : commands)
      if (!needs_training(words)) check_runs(world, words);
  }
}

// explain first: after more runs its example would name several.
TEST_CASE("every example of every verb's help runs", "[cli]") {
  const World world;
  for (const char* verb : {"explain",
                           "list",
                           "plan",
                           "run",
                           "status",
                           "report",
                           "audit",
                           "price import",
                           "price",
                           "decide",
                           "profile",
                           "profile list",
                           "profile show",
                           "profile measure",
                           "data",
                           "data list",
                           "data import",
                           "data get",
                           "import",
                           "import log",
                           "import hf",
                           "export",
                           "export hf",
                           "export sqlite",
                           "export tensorboard",
                           "export mlflow",
                           "history",
                           "compare"}) {
    const std::vector<std::string> commands = examples_of(world, verb);
    INFO(verb);
    CHECK_FALSE(commands.empty());
    for (const std::string& words : commands) check_runs(world, words);
  }
}

}  // namespace
}  // namespace repro::cli
