// What hostile titles, names and messages do to a terminal: nothing.

#include <catch2/catch.hpp>

#include "base/unicode.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

// Clears the screen, moves the cursor, sets the title, turns the text around.
const std::string kSteering = "\x1b[2J\r\x1b]0;x\x07\u009B1A\u202Etxt";

void check_harmless(const Finished& ended) {
  INFO(ended.output + ended.errors);
  CHECK(ended.output == printable(ended.output));
  CHECK(ended.errors == printable(ended.errors));
  CHECK((ended.output + ended.errors).find("[2J") != std::string::npos);  // said, without its ESC
}

}  // namespace

TEST_CASE("a corpus' title cannot steer the terminal", "[cli]") {
  TemporaryDirectory folder;
  const fs::path corpora = folder.path() / "data/repro/experiments/corpora";
  fs::create_directories(corpora);
  std::ofstream(corpora / "mine.toml")
      << "name = \"mine\"\ntitle = \"a\\u001b[2J\\r\\u001b]0;x\\u0007\\u009b1A\\u202etxt\"\n"
         "filter = false\n[[sources]]\nkind = \"file\"\nname = \"a.txt\"\nreader = \"text\"\n";
  check_harmless(run_in(folder.path(), {"data", "list", "--root", kRoot}));
  check_harmless(run_in(folder.path(), {"data", "list", "--root", kRoot, "--json"}));
}

TEST_CASE("why a run failed and what its folder is called cannot steer the terminal", "[cli]") {
  TemporaryDirectory folder;
  const std::string name = "a" + kSteering.substr(0, 5) + "b";
  const fs::path run = folder.path() / "runs" / name;
  fs::create_directories(run);
  std::ofstream(run / "job.json") << R"({"schema": 3, "kind": "train", "key": "k", "spec": {}})";
  std::ofstream(run / "FAILED") << "died of " << kSteering << "\nrepro: all is well\n";
  check_harmless(run_in(folder.path(), {"explain", name, "--root", kRoot}));
  const Finished unknown = run_in(folder.path(), {"explain", kSteering, "--root", kRoot});
  CHECK(unknown.exit_code != 0);
  check_harmless(unknown);
}

TEST_CASE("a worker's last words cannot steer the terminal", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker =
      write_worker(folder, "printf 'a\\033[2J\\r\\302\\233b' > $dir/FAILED; exit 4");
  check_harmless(
      run_in(folder.path(), {"data", "get", "web", "--scale", "smoke", "--root", kRoot}, worker));
}

TEST_CASE("another program's log cannot steer the terminal", "[cli]") {
  TemporaryDirectory folder;
  std::ofstream(folder.path() / "log.csv") << "step,loss\n1,a\x1b[2Jb\n";
  const Finished ended =
      run_in(folder.path(), {"import", "log", "log.csv", "--format", "csv", "--root", kRoot});
  CHECK(ended.exit_code == 7);
  check_harmless(ended);
  check_harmless(run_in(folder.path(), {"list", "--no" + kSteering}));
}

}  // namespace repro::cli
