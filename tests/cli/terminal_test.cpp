// What a person sees: `repro run` on a pseudo-terminal.

#include <pty.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

constexpr unsigned short kColumns = 60;

// Everything that a command writes to a terminal of kColumns columns. Ctrl-C is typed once it has
// written `until`; "" = never.
std::string on_terminal(std::vector<std::string> command, const std::string& until = "") {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = kColumns;
  int master = -1;
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, &size);
  if (pid == 0) {
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  std::string text;
  char buffer[4096];
  // Reading fails once the other side is closed by the last process.
  bool typed = until.empty();
  for (ssize_t got = 0; (got = ::read(master, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
    if (typed || text.find(until) == std::string::npos) continue;
    typed = true;
    REQUIRE(::write(master, "\x03", 1) == 1);
  }
  ::close(master);
  ::waitpid(pid, nullptr, 0);
  return text;
}

TEST_CASE("on a terminal each running job and the total have one line, redrawn in place", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(
      folder, "finish; if [ $kind = train ]; then rm $dir/DONE; sleep 0.5; touch $dir/DONE; fi");
  const std::string text =
      on_terminal(repro_command(folder.path(),
                                {"run", "table3", "--root", kRoot, "--scale", "smoke", "--set",
                                 "models=[\"qwen_moe\"]", "--set", "corpora=[\"c4\"]"},
                                worker));
  CHECK(text.find("of 16 jobs") != std::string::npos);
  CHECK(text.find("train-qwen_moe-c4-full-s0 ") != std::string::npos);
  CHECK(text.find("  saving") != std::string::npos);  // its 40 steps are recorded
  CHECK(text.find("%") != std::string::npos);
  CHECK(text.find("start  ") == std::string::npos);
  const size_t report = text.find("Qwen");
  REQUIRE(report != std::string::npos);
  size_t frames = 0;
  const std::string erase = "\r\x1b[J";
  for (size_t at = text.find(erase); at < report; at = text.find(erase, at + 1)) {
    const size_t end = text.find("\x1b[", at + erase.size());
    const std::string frame = text.substr(at + erase.size(), end - at - erase.size());
    for (const std::string& line : split(frame, '\n'))
      if (end < report) CHECK(display_width(trim(line)) < kColumns);
    ++frames;
  }
  CHECK(frames > 4);
}

TEST_CASE("after Ctrl-C a terminal ends with the line that a pipe gets", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(
      folder, "trap 'exit 130' TERM INT; case $kind in train) sleep 60 & wait;; esac; finish");
  const std::string text = on_terminal(
      repro_command(folder.path(),
                    {"run", "table3", "--root", kRoot, "--scale", "smoke", "--only", "qwen_moe/c4"},
                    worker),
      "train-qwen_moe-c4-full-s0");
  const size_t last = text.rfind("repro: interrupted: ");
  REQUIRE(last != std::string::npos);
  CHECK(text.substr(last).find("the same command continues from the last checkpoints") !=
        std::string::npos);
  // Nothing takes the line away again.
  CHECK(text.substr(last).find('\x1b') == std::string::npos);
}

TEST_CASE("on a terminal verdicts have a colour unless NO_COLOR says otherwise", "[cli]") {
  TemporaryDirectory folder;
  const fs::path worker = write_worker(folder, "finish");
  // Of a scale whose verdicts mean something.
  const std::vector<std::string> cell = {"table3", "--root", kRoot,        "--scale",
                                         "mini",   "--only", "qwen_moe/c4"};
  const auto verb = [&](const std::string& name) {
    std::vector<std::string> words = {name};
    words.insert(words.end(), cell.begin(), cell.end());
    return repro_command(folder.path(), words, worker);
  };
  CHECK(Process(verb("run")).wait().exit_code == 0);
  std::vector<std::string> coloured = verb("report"), plain = verb("report");
  coloured.insert(coloured.begin() + 3, {"TERM=xterm", "NO_COLOR="});
  plain.insert(plain.begin() + 3, {"TERM=xterm", "NO_COLOR=1"});
  const std::string in_colour = on_terminal(coloured);
  INFO(in_colour);
  CHECK(in_colour.find("\x1b[3") != std::string::npos);
  const std::string text = on_terminal(plain);
  CHECK(text.find('\x1b') == std::string::npos);
  // No line of the answer is wider than the terminal; a path cannot be broken.
  for (const std::string& line : split(text, '\n'))
    if (!line.starts_with("repro: ") && line.find("report.html") == std::string::npos)
      CHECK(display_width(trim(line)) <= kColumns);
}

}  // namespace
}  // namespace repro::cli
