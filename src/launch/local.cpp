#include "launch/local.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#define BOOST_PROCESS_USE_STD_FS
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/io.hpp>

#include "base/error.hpp"

namespace repro::launch {
namespace {

namespace bp = boost::process;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollEvery{10};
constexpr std::chrono::seconds kPatienceAtExit{20};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Appending, because a continued job keeps the log of its first part.
File open_log(const std::filesystem::path& path) {
  File file(std::fopen(path.c_str(), "ae"));
  if (!file) throw Error("{}: cannot open for appending: {}", path.string(), std::strerror(errno));
  return file;
}

// Runs in the child between fork and exec, so it may only make system calls.
void become_worker(const cpu_set_t& cores, pid_t parent) {
  ::setpgid(0, 0);
  // SIGKILL rather than SIGTERM: a worker that lingers to write a checkpoint would meet its
  // successor in the same run directory. Checkpoints survive a kill at any instant.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(128 + SIGKILL);  // it died before the line above
  ::sched_setaffinity(0, sizeof(cores), &cores);
}

ExitStatus decode(int native) {
  if (WIFSIGNALED(native)) return {.code = 0, .signal = WTERMSIG(native)};
  return {.code = WEXITSTATUS(native), .signal = 0};
}

}  // namespace

struct LocalLauncher::Child {
  bp::child process;
  std::vector<int> slots;  // indices into cores_
};

std::filesystem::path find_worker() {
  const char* given = std::getenv("REPRO_WORKER");
  const std::filesystem::path worker =
      given != nullptr && *given != '\0'
          ? std::filesystem::path(given)
          : std::filesystem::read_symlink("/proc/self/exe").parent_path() / "repro-worker";
  if (::access(worker.c_str(), X_OK) != 0)
    throw Error("{}: cannot run the worker: {}; build or install it beside `repro`",
                worker.string(), std::strerror(errno));
  return worker;
}

std::vector<int> available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set)) cores.push_back(core);
  if (cores.empty()) cores.push_back(0);
  return cores;
}

LocalLauncher::LocalLauncher(std::filesystem::path worker)
    : worker_(std::move(worker)), cores_(available_cores()), load_(cores_.size(), 0) {}

LocalLauncher::~LocalLauncher() {
  for (const auto& [pid, child] : children_) ::kill(static_cast<pid_t>(-pid), SIGTERM);
  const auto deadline = Clock::now() + kPatienceAtExit;
  while (!children_.empty() && Clock::now() < deadline) poll(kPollEvery);
  for (const auto& [pid, child] : children_) ::kill(static_cast<pid_t>(-pid), SIGKILL);
  while (!children_.empty()) poll(kPollEvery);
}

// The least loaded cores, so that more jobs than cores share them evenly.
std::vector<int> LocalLauncher::take_cores(int count) {
  std::vector<int> order(cores_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return load_[a] < load_[b]; });
  order.resize(std::clamp<size_t>(static_cast<size_t>(count), 1, order.size()));
  for (int slot : order) ++load_[slot];
  return order;
}

Launcher::Handle LocalLauncher::start(const run::RunDirectory& directory, int cores) {
  const File out = open_log(directory.stdout_file());
  const File err = open_log(directory.stderr_file());
  auto child = std::make_unique<Child>();
  child->slots = take_cores(cores);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int slot : child->slots) CPU_SET(cores_[slot], &set);
  std::error_code failed;
  child->process = bp::child(
      bp::exe = worker_.string(), bp::args = {directory.path().string()},
      bp::std_in<bp::null, bp::std_out> out.get(), bp::std_err > err.get(), failed,
      bp::extend::on_exec_setup = [&set, parent = ::getpid()](auto&) {
        become_worker(set, parent);
      });
  if (failed) {
    for (int slot : child->slots) --load_[slot];
    throw Error(Exit::run_failed, "{}: cannot start {}: {}", directory.path().string(),
                worker_.string(), failed.message());
  }
  const Handle handle = child->process.id();
  children_.emplace(handle, std::move(child));
  return handle;
}

std::vector<Launcher::Finished> LocalLauncher::collect() {
  std::vector<Finished> finished;
  for (auto at = children_.begin(); at != children_.end();) {
    std::error_code ignored;
    if (at->second->process.running(ignored)) {
      ++at;
      continue;
    }
    finished.push_back({at->first, decode(at->second->process.native_exit_code())});
    for (int slot : at->second->slots) --load_[slot];
    at = children_.erase(at);
  }
  return finished;
}

std::vector<Launcher::Finished> LocalLauncher::poll(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (true) {
    std::vector<Finished> finished = collect();
    if (!finished.empty() || Clock::now() >= deadline) return finished;
    std::this_thread::sleep_for(std::min<Clock::duration>(kPollEvery, deadline - Clock::now()));
  }
}

void LocalLauncher::terminate(Handle handle, Stop how) {
  if (children_.contains(handle))
    ::kill(static_cast<pid_t>(-handle), how == Stop::ask ? SIGTERM : SIGKILL);
}

}  // namespace repro::launch
