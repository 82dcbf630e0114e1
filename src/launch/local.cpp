#include "launch/local.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <thread>

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/stopwatch.hpp"

namespace repro::launch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollEvery{10};
constexpr double kPatienceAtExit = 20;  // seconds

}  // namespace

struct LocalLauncher::Job {
  Child child;
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
  for (auto& [handle, job] : jobs_) job->child.send(SIGTERM);
  const Stopwatch waiting;
  while (!jobs_.empty() && waiting.seconds() < kPatienceAtExit) poll(kPollEvery);
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

void LocalLauncher::give_back(const std::vector<int>& slots) {
  for (int slot : slots) --load_[slot];
}

Launcher::Handle LocalLauncher::start(const run::RunDirectory& directory, int cores) {
  const std::vector<int> slots = take_cores(cores);
  Command command{.words = {worker_.string(), directory.path().string()}};
  for (int slot : slots) command.cores.push_back(cores_[slot]);
  try {
    auto job = std::make_unique<Job>(
        Job{Child(command, directory.stdout_file(), directory.stderr_file()), slots});
    const Handle handle = job->child.id();
    check(handle > 1, "a job that was started is a process of its own");
    jobs_.emplace(handle, std::move(job));
    return handle;
  } catch (const Error& error) {
    give_back(slots);
    throw Error(error.exit(), "{}: {}", directory.path().string(), error.what());
  }
}

std::vector<Launcher::Finished> LocalLauncher::collect() {
  std::vector<Finished> finished;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto ended = at->second->child.poll();
    if (!ended) {
      ++at;
      continue;
    }
    finished.push_back({at->first, *ended});
    give_back(at->second->slots);
    at = jobs_.erase(at);
  }
  return finished;
}

std::vector<Launcher::Finished> LocalLauncher::poll(milliseconds timeout) {
  const std::chrono::duration<double> patience = timeout;
  const Stopwatch waiting;
  while (true) {
    std::vector<Finished> finished = collect();
    const double left = patience.count() - waiting.seconds();
    if (!finished.empty() || left <= 0) return finished;
    std::this_thread::sleep_for(
        std::min<std::chrono::duration<double>>(kPollEvery, std::chrono::duration<double>(left)));
  }
}

void LocalLauncher::terminate(Handle handle, Stop how) {
  const auto job = jobs_.find(handle);
  if (job != jobs_.end()) job->second->child.send(how == Stop::ask ? SIGTERM : SIGKILL);
}

}  // namespace repro::launch
