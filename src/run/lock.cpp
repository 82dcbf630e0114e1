#include "run/lock.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

fs::path lock_path(const fs::path& runs) { return runs / ".lock"; }

LockHolder read_holder(const fs::path& path) {
  const json object = parse_json(read_file(path));
  LockHolder holder;
  if (!object.is_object()) return holder;  // it is being written at this moment
  holder.pid = object.value("pid", int64_t{0});
  holder.purpose = object.value("purpose", "");
  holder.running = object.value("running", holder.running);
  return holder;
}

FileLock take(const fs::path& runs, bool wait) {
  make_directories(runs);
  const fs::path path = lock_path(runs);
  if (wait) return FileLock::acquire(path);
  // `repro status` holds it for an instant when it looks: so try more than once.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (auto lock = FileLock::try_acquire(path)) return std::move(*lock);
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
  }
  const LockHolder holder = read_holder(path);
  throw Error(Exit::run_failed,
              "{}: in use by process {} (repro {}); wait for it with --wait, stop it, or give "
              "another --runs",
              runs.string(), holder.pid, holder.purpose);
}

std::vector<fs::path> reports_below(const fs::path& runs) {
  std::vector<fs::path> reports;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(runs / "reports", ignored))
    if (entry.is_directory(ignored)) reports.push_back(entry.path());
  return reports;
}

}  // namespace

RunsLock::RunsLock(const fs::path& runs, const std::string& purpose, bool wait)
    : path_(lock_path(runs)), purpose_(purpose), lock_(take(runs, wait)) {
  remove_leftovers(runs);
  for (const fs::path& report : reports_below(runs)) remove_leftovers(report);
  write({});
}

RunsLock::~RunsLock() {
  std::ofstream(path_, std::ios::trunc);  // held by nobody
}

void RunsLock::set_running(const std::map<std::string, int64_t>& jobs) { write(jobs); }

// In place: a rename would leave the lock on a file that no longer has the name.
void RunsLock::write(const std::map<std::string, int64_t>& jobs) {
  const json object = {{"pid", ::getpid()}, {"purpose", purpose_}, {"running", jobs}};
  std::ofstream file(path_, std::ios::trunc);
  file << object.dump() << std::flush;
}

std::optional<LockHolder> find_holder(const fs::path& runs) {
  const fs::path path = lock_path(runs);
  if (!FileLock::is_held(path)) return std::nullopt;
  return read_holder(path);
}

}  // namespace repro::run
