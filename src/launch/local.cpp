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
  for (auto& [number, job] : jobs_) job->child.send(SIGTERM);
  const Stopwatch waiting;
  while (!jobs_.empty() && waiting.seconds() < kPatienceAtExit) poll(kPollEvery);
}

// The least loaded cores, so that more jobs than cores share them evenly.
std::vector<int> LocalLauncher::take_cores(int64_t count) {
  std::vector<int> order(cores_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return load_[a] < load_[b]; });
  order.resize(
      static_cast<size_t>(std::clamp(count, int64_t{1}, static_cast<int64_t>(order.size()))));
  for (int slot : order) ++load_[slot];
  return order;
}

void LocalLauncher::give_back(const std::vector<int>& slots) {
  for (int slot : slots) --load_[slot];
}

void LocalLauncher::start(const std::vector<Request>& requests) {
  for (const Request& request : requests) start_one(request);
}

void LocalLauncher::start_one(const Request& request) {
  const run::RunDirectory& directory = request.directory;
  const std::vector<int> slots = take_cores(request.resources.cores());
  Command command{.words = {worker_.string(), directory.path().string()}};
  for (int slot : slots) command.cores.push_back(cores_[slot]);
  try {
    auto job = std::make_unique<Job>(
        Job{Child(command, directory.stdout_file(), directory.stderr_file()), slots});
    check(job->child.id() > 1, "a job that was started is a process of its own");
    check(jobs_.emplace(request.job, std::move(job)).second, "a job runs once at a time");
  } catch (const Error& error) {
    give_back(slots);
    throw Error(error.exit(), "{}: {}", directory.path().string(), error.what());
  }
}

std::vector<Ended> LocalLauncher::collect() {
  std::vector<Ended> all;
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto ended = at->second->child.poll();
    if (!ended) {
      ++at;
      continue;
    }
    all.push_back({.job = at->first, .status = *ended});
    give_back(at->second->slots);
    at = jobs_.erase(at);
  }
  return all;
}

News LocalLauncher::poll(milliseconds timeout) {
  const std::chrono::duration<double> patience = timeout;
  const Stopwatch waiting;
  while (true) {
    std::vector<Ended> ended = collect();
    const double left = patience.count() - waiting.seconds();
    if (!ended.empty() || left <= 0) return {.ended = std::move(ended)};
    std::this_thread::sleep_for(
        std::min<std::chrono::duration<double>>(kPollEvery, std::chrono::duration<double>(left)));
  }
}

void LocalLauncher::terminate(const std::vector<size_t>& jobs, Stop how) {
  for (const size_t job : jobs)
    if (const auto at = jobs_.find(job); at != jobs_.end())
      at->second->child.send(how == Stop::ask ? SIGTERM : SIGKILL);
}

int64_t LocalLauncher::process(size_t job) const {
  const auto at = jobs_.find(job);
  return at == jobs_.end() ? 0 : at->second->child.id();
}

}  // namespace repro::launch
