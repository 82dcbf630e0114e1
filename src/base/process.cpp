#include "base/process.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#define BOOST_PROCESS_USE_STD_FS
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>
#include <boost/process/search_path.hpp>
#include <boost/process/start_dir.hpp>

#include "base/error.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"

namespace repro {
namespace {

namespace bp = boost::process;
namespace fs = std::filesystem;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Appending, because a continued job keeps the log of its first part.
File open_log(const fs::path& path) {
  File file(std::fopen(path.c_str(), "ae"));
  if (!file) throw Error("{}: cannot open for appending: {}", path.string(), std::strerror(errno));
  return file;
}

// Holds a child's output until it has ended: a pipe would need a reader while it runs.
File open_memory() {
  const int descriptor = ::memfd_create("output", MFD_CLOEXEC);
  File file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "r+"));
  if (!file)
    throw Error(Exit::run_failed, "no memory for a command's output: {}", std::strerror(errno));
  return file;
}

std::string content(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char buffer[1 << 12];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, got);
  return text;
}

enum class Group { own, ours };

// Runs in the child between fork and exec, so it may only make system calls.
void become_child(Group group, const cpu_set_t* cores, pid_t parent) {
  if (group == Group::own) ::setpgid(0, 0);
  // SIGKILL rather than SIGTERM: a worker that lingers to write a checkpoint would meet its
  // successor in the same run directory. Checkpoints survive a kill at any instant.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(128 + SIGKILL);  // it died before the line above
  if (cores != nullptr) ::sched_setaffinity(0, sizeof(*cores), cores);
}

[[noreturn]] void fail_to_start(const std::string& program, const std::error_code& reason) {
  const char* way_out = "is it installed?";
  if (reason == std::errc::too_many_files_open) way_out = "raise `ulimit -n`";
  if (reason == std::errc::resource_unavailable_try_again) way_out = "raise `ulimit -u`";
  throw Error(Exit::run_failed, "cannot start '{}': {}; {}", program, reason.message(), way_out);
}

fs::path path_of(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const auto path = find_program(program);
  if (!path) fail_to_start(program, std::make_error_code(std::errc::no_such_file_or_directory));
  return *path;
}

bp::child start(const Command& command, Group group, std::FILE* out, std::FILE* err) {
  check(!command.words.empty(), "a command has a program");
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (const int core : command.cores) CPU_SET(core, &cores);
  const cpu_set_t* pinned = command.cores.empty() ? nullptr : &cores;
  const std::string folder = command.folder.empty() ? "." : command.folder.string();
  std::error_code failed;
  errno = 0;
  bp::child child(
      bp::exe = path_of(command.words[0]).string(),
      bp::args = std::vector<std::string>(command.words.begin() + 1, command.words.end()),
      bp::start_dir = folder, bp::std_in<bp::null, bp::std_out> out, bp::std_err > err, failed,
      bp::extend::on_exec_setup = [group, pinned, parent = ::getpid()](auto&) {
        become_child(group, pinned, parent);
      });
  // Without a descriptor for its own pipe the library says nothing and returns no child.
  if (!failed && child.id() <= 1) failed = {errno == 0 ? EMFILE : errno, std::generic_category()};
  // And without one for /dev/null it passes on the -1 of its open().
  if (failed == std::errc::bad_file_descriptor) failed = {EMFILE, std::generic_category()};
  if (failed) fail_to_start(command.words[0], failed);
  return child;
}

ExitStatus decode(int native) {
  if (WIFSIGNALED(native)) return {.code = 0, .signal = WTERMSIG(native)};
  return {.code = WEXITSTATUS(native), .signal = 0};
}

size_t size_of(std::FILE* file) {
  struct stat status {};
  return ::fstat(::fileno(file), &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

// What a command that still runs exceeds; "" = nothing.
std::string excess(const Stopwatch& watch, const Limits& limits, std::FILE* out, std::FILE* err) {
  if (limits.seconds > 0 && watch.seconds() > limits.seconds)
    return fmt::format("did not end within {}", human_seconds(limits.seconds));
  if (limits.bytes > 0 && std::max(size_of(out), size_of(err)) > limits.bytes)
    return fmt::format("wrote more than {}", human_bytes(static_cast<double>(limits.bytes)));
  return {};
}

// Kills the child's group and throws when it exceeds a limit.
void wait_within(bp::child& child, const Command& command, const Limits& limits, std::FILE* out,
                 std::FILE* err) {
  using std::chrono::milliseconds;
  const Stopwatch watch;
  std::error_code ignored;
  // Most commands take some 20 ms.
  for (milliseconds nap{1}; child.running(ignored); nap = std::min(2 * nap, milliseconds(20))) {
    const std::string too_much = excess(watch, limits, out, err);
    if (!too_much.empty()) {
      ::kill(-child.id(), SIGKILL);
      child.wait(ignored);
      throw Error(Exit::run_failed, "'{}' {}; it was stopped", join(command.words, " "), too_much);
    }
    std::this_thread::sleep_for(nap);
  }
}

// The last `count` lines that are not blank, as one.
std::string tail(const std::string& text, size_t count) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n'))
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<long>(count));
  return join(lines, " / ");
}

}  // namespace

std::string describe(const ExitStatus& status) {
  if (status.signal == 0) return fmt::format("ended with exit code {}", status.code);
  const char* name = ::sigabbrev_np(status.signal);
  const std::string signal =
      name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", status.signal);
  const char* why = status.signal == SIGKILL ? " (perhaps out of memory)" : "";
  return fmt::format("killed by {}{}", signal, why);
}

std::optional<fs::path> find_program(const std::string& name) {
  const fs::path path = bp::search_path(name);
  return path.empty() ? std::nullopt : std::optional(path);
}

struct Child::State {
  bp::child process;
  std::optional<ExitStatus> ended;
};

Child::Child(const Command& command, const fs::path& standard_output,
             const fs::path& standard_error)
    : state_(std::make_unique<State>()) {
  const File out = open_log(standard_output);
  const File err = open_log(standard_error);
  state_->process = start(command, Group::own, out.get(), err.get());
}

Child::~Child() {
  if (!state_ || poll()) return;
  send(SIGKILL);
  std::error_code ignored;
  state_->process.wait(ignored);
}

Child::Child(Child&&) noexcept = default;

pid_t Child::id() const { return state_->process.id(); }

std::optional<ExitStatus> Child::poll() {
  std::error_code ignored;
  if (!state_->ended && !state_->process.running(ignored))
    state_->ended = decode(state_->process.native_exit_code());
  return state_->ended;
}

void Child::send(int signal) {
  // kill() takes 0, -1 and 1 for our own group, for everybody and for init; and a group of this
  // number that the child does not lead is somebody else's.
  if (poll() || id() <= 1 || ::getpgid(id()) != id()) return;
  ::kill(-id(), signal);
  // A stopped process heeds no request, only SIGKILL, until it is continued.
  if (signal != SIGKILL) ::kill(-id(), SIGCONT);
}

Completed run_to_end(const Command& command, const Limits& limits) {
  const File out = open_memory();
  const File err = open_memory();
  const bool limited = limits.seconds > 0 || limits.bytes > 0;
  bp::child child = start(command, limited ? Group::own : Group::ours, out.get(), err.get());
  std::error_code failed;
  if (limited)
    wait_within(child, command, limits, out.get(), err.get());
  else
    child.wait(failed);
  if (failed)
    throw Error(Exit::run_failed, "'{}': cannot wait for its end: {}", command.words[0],
                failed.message());
  return {decode(child.native_exit_code()), content(out.get()), content(err.get())};
}

std::string run_command(const Command& command, const Limits& limits) {
  Completed completed = run_to_end(command, limits);
  if (completed.status.clean()) return std::move(completed.output);
  const ExitStatus& status = completed.status;
  const std::string said = tail(completed.errors, 3);
  throw Error(Exit::run_failed, "'{}' failed ({}): {}", join(command.words, " "),
              status.signal == 0 ? fmt::format("exit {}", status.code)
                                 : fmt::format("signal {}", status.signal),
              said.empty() ? tail(completed.output, 3) : said);
}

}  // namespace repro
