#pragma once
// Runs a program the way a user does and keeps what it said.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro {

struct Finished {
  int exit_code = -1;  // -signal when a signal ended it
  std::string output;  // stdout
  std::string errors;  // stderr
};

// A child in its own process group, so that a test can kill it with all it started.
class Process {
 public:
  explicit Process(std::vector<std::string> command) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    redirect(STDIN_FILENO, "/dev/null", O_RDONLY);
    redirect(STDOUT_FILENO, folder_.path() / "out", O_WRONLY | O_CREAT);
    redirect(STDERR_FILENO, folder_.path() / "err", O_WRONLY | O_CREAT);
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  pid_t pid() const { return pid_; }
  void signal_group(int signal) const { ::kill(-pid_, signal); }
  void signal(int signal) const { ::kill(pid_, signal); }

  Finished wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    Finished finished;
    finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    finished.output = read_file(folder_.path() / "out");
    finished.errors = read_file(folder_.path() / "err");
    return finished;
  }

 private:
  static void redirect(int descriptor, const std::filesystem::path& path, int flags) {
    const int file = ::open(path.c_str(), flags, 0644);
    ::dup2(file, descriptor);
    ::close(file);
  }

  TemporaryDirectory folder_;
  pid_t pid_ = -1;
};

inline std::string built(const std::string& program) {
  return (std::filesystem::path(REPRO_BUILD) / program).string();
}

// REPRO_BUILD/repro with these arguments.
inline Finished run_repro(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), built("repro"));
  return Process(std::move(arguments)).wait();
}

}  // namespace repro
