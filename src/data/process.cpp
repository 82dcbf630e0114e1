#include "data/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

extern char** environ;

namespace repro::data {
namespace {

// Where a child's output goes until it has ended.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& folder)
      : path_(folder / (".output" + std::to_string(::getpid()))) {}
  ~OutputFile() { ::unlink(path_.c_str()); }
  const std::filesystem::path& path() const { return path_; }
  // The last `count` lines, as one.
  std::string tail(size_t count) const {
    std::vector<std::string> lines;
    for (const std::string& line : split(read_file(path_), '\n'))
      if (!trim(line).empty()) lines.emplace_back(trim(line));
    if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<long>(count));
    return join(lines, " / ");
  }

 private:
  std::filesystem::path path_;
};

// posix_spawn's file actions, released with the object.
struct FileActions {
  posix_spawn_file_actions_t actions;
  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return status;
}

}  // namespace

void run_command(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  const OutputFile output(folder);
  FileActions files;
  posix_spawn_file_actions_addopen(&files.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files.actions, 1, output.path().c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files.actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&files.actions, folder.c_str());
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int code =
      ::posix_spawnp(&child, arguments[0], &files.actions, nullptr, arguments.data(), environ);
  if (code != 0)
    throw Error(Exit::run_failed, "cannot start '{}': {}; is it installed?", command[0],
                std::strerror(code));
  const int status = wait_for(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw Error(Exit::run_failed, "'{}' failed ({}): {}", join(command, " "),
              WIFEXITED(status) ? fmt::format("exit {}", WEXITSTATUS(status))
                                : fmt::format("signal {}", WTERMSIG(status)),
              output.tail(3));
}

}  // namespace repro::data
