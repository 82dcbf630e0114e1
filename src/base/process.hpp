#pragma once
// Child processes, in the two ways this project needs them: a job that runs beside us, and a
// command that is run to its end. No child reads our standard input, none outlives this process
// however it dies, and nothing goes through a shell.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace repro {

// How a process ended: by a signal, or by itself with an exit code.
struct ExitStatus {
  int code = 0;    // of a process that ended by itself
  int signal = 0;  // 0 = it ended by itself
  bool clean() const { return code == 0 && signal == 0; }
};

// "ended with exit code 4", "killed by SIGKILL (perhaps out of memory)".
std::string describe(const ExitStatus& status);

struct Command {
  // The program, by its path or to be found in PATH, and its arguments.
  std::vector<std::string> words;
  std::filesystem::path folder = {};  // where it runs; "" = where this process does
  std::vector<int> cores = {};        // it is pinned to these; none = those of this process
};

// Where PATH has a program of this name.
std::optional<std::filesystem::path> find_program(const std::string& name);

// A job that runs beside us, in a process group of its own. It is killed when the object dies.
class Child {
 public:
  // Output is appended to the two files. Error (run_failed) naming the program and the reason when
  // it cannot be started, for want of a file descriptor too.
  Child(const Command& command, const std::filesystem::path& standard_output,
        const std::filesystem::path& standard_error);
  ~Child();
  Child(Child&&) noexcept;
  Child& operator=(Child&&) = delete;

  pid_t id() const;  // of the process and of its group
  // How it ended; nothing while it runs. Does not wait.
  std::optional<ExitStatus> poll();
  // To the whole group, which is continued where it was stopped; nothing happens when the child
  // has ended.
  void send(int signal);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Completed {
  ExitStatus status;
  std::string output;  // what it wrote to its standard output, whole
  std::string errors;  // and to its standard error
};

// What a command that is run to its end may take; 0 = as much as it likes.
struct Limits {
  double seconds = 0;
  size_t bytes = 0;  // of its output, and as many of its errors
};

// Runs a command to its end, in this process' group, so that a signal to the group reaches both.
// With a limit it has a group of its own and is killed, with all that it started, beyond it: a
// command that asks somebody else must not hold us up, nor be cut off by our terminal's Ctrl-C.
// Error (run_failed) when it cannot be started or exceeds a limit.
Completed run_to_end(const Command& command, const Limits& limits = {});

// The output of a command that must succeed. Error (run_failed) naming the command and its last
// lines when it cannot start, exceeds a limit or does not exit with 0.
std::string run_command(const Command& command, const Limits& limits = {});

}  // namespace repro
