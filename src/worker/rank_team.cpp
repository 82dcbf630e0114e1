#include "worker/rank_team.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "train/checkpoint.hpp"
#include "train/trainer.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

constexpr int kMostRestarts = 3;  // from the same checkpoint
constexpr const char* kMeeting = ".ranks-";
// For those that lost a rank themselves to notice it and end.
constexpr double kNoticeSeconds = 10;
constexpr std::chrono::milliseconds kLookEvery{10};

// Of groups that a killed process left.
void remove_meetings(const fs::path& directory) {
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory))
    if (entry.path().filename().string().starts_with(kMeeting)) old.push_back(entry.path());
  for (const fs::path& path : old) fs::remove(path);
}

// A new name for each group: one that lives on elsewhere meets nobody.
fs::path new_meeting(const fs::path& directory) {
  static int groups = 0;
  return directory / fmt::format("{}{}-{}", kMeeting, ::getpid(), ++groups);
}

// "" when there is none.
std::string last_line(const fs::path& path) {
  if (!fs::exists(path)) return "";
  const std::vector<std::string> lines = split(std::string(trim(read_file(path))), '\n');
  return printable_line(lines.back());
}

double timeout_of(const run::OpenedJob& job) {
  return job.execution.value("rank_timeout_seconds", 600.0);
}

// How often the ranks began again without having come further: in weeks many may be lost, and none
// of them matters.
class Restarts {
 public:
  explicit Restarts(const run::RunDirectory& directory) : checkpoints_(directory.checkpoints()) {}

  // Before another one.
  int without_progress() {
    const auto checkpoint = train::newest_checkpoint(checkpoints_);
    if (checkpoint != last_) count_ = 0;
    last_ = checkpoint;
    return count_++;
  }

 private:
  fs::path checkpoints_;
  std::optional<fs::path> last_;
  int count_ = 0;
};

}  // namespace

RankTeam::RankTeam(const run::RunDirectory& directory, int64_t ranks, double timeout_seconds)
    : directory_(directory), timeout_seconds_(timeout_seconds) {
  remove_meetings(directory.path());
  meeting_ = new_meeting(directory.path());
  const std::string program = fs::read_symlink("/proc/self/exe").string();
  for (int64_t rank = 1; rank < ranks; ++rank) {
    Command command{.words = train::rank_prefix(rank)};
    command.words.insert(command.words.end(), {program, directory.path().string(), "--rank",
                                               std::to_string(rank), meeting_.string()});
    fs::remove(log_of(rank));
    others_.emplace_back(command, log_of(rank), log_of(rank));
  }
}

RankTeam::~RankTeam() {
  others_.clear();
  std::error_code ignored;
  fs::remove(meeting_, ignored);
}

fs::path RankTeam::log_of(int64_t rank) const {
  return directory_.path() / fmt::format("rank-{}.log", rank);
}

train::RankPlace RankTeam::place() {
  return {.rank = 0,
          .ranks = static_cast<int64_t>(others_.size()) + 1,
          .meeting = meeting_,
          .timeout_seconds = timeout_seconds_,
          .while_waiting = [this] { look(); }};
}

void RankTeam::look() {
  for (size_t i = 0; i < others_.size(); ++i)
    if (others_[i].poll())
      throw train::RankLost(Exit::run_failed, "rank {} ended before it began", i + 1);
}

void RankTeam::wait_a_little() {
  const Stopwatch waiting;
  const auto runs = [](Child& child) { return !child.poll(); };
  while (waiting.seconds() < kNoticeSeconds && std::any_of(others_.begin(), others_.end(), runs))
    std::this_thread::sleep_for(kLookEvery);
}

void RankTeam::join() {
  wait_a_little();
  for (size_t i = 0; i < others_.size(); ++i) {
    const auto status = others_[i].poll();
    if (!status || !status->clean())
      std::fprintf(stderr, "rank %zu %s after the last step\n", i + 1,
                   status ? describe(*status).c_str() : "still ran");
    fs::remove(log_of(static_cast<int64_t>(i) + 1));
  }
}

// "" of one that ended because it lost another.
std::string RankTeam::failure_of(int64_t rank) {
  const auto status = others_[static_cast<size_t>(rank) - 1].poll();
  if (!status)
    return fmt::format("rank {} said nothing for {}", rank, human_seconds(timeout_seconds_));
  if (status->signal != 0) return fmt::format("rank {} was {}", rank, describe(*status));
  if (status->code == train::kRankLostExit) return "";
  throw Error(Exit::run_failed, "{}: rank {} {}: {}", directory_.path().string(), rank,
              describe(*status), last_line(log_of(rank)));
}

std::string RankTeam::who_failed() {
  wait_a_little();
  std::string failed;
  for (int64_t rank = 1; rank <= static_cast<int64_t>(others_.size()); ++rank) {
    const std::string what = failure_of(rank);
    if (!what.empty()) failed += (failed.empty() ? "" : ", ") + what;
  }
  return failed.empty() ? "the ranks lost each other" : failed;
}

json train_together(const run::OpenedJob& job, const run::RunDirectory& directory,
                    const std::atomic<bool>& interrupted) {
  const int64_t ranks = job.spec.at("ranks");
  for (Restarts restarts(directory);;) {
    RankTeam team(directory, ranks, timeout_of(job));
    std::string lost;
    try {
      train::Ranks group(team.place());
      json result = train::train(job, directory, interrupted, group);
      team.join();
      return result;
    } catch (const train::RankLost& error) {
      lost = error.what();
    }
    const std::string who = team.who_failed();
    if (interrupted) throw Error(Exit::interrupted, "{}: interrupted; {}", job.name, who);
    if (const int before = restarts.without_progress(); before == kMostRestarts)
      throw Error(Exit::run_failed,
                  "{}: {}, and so {} times before at the same checkpoint; rank 0 saw: {}", job.name,
                  who, before, lost);
    std::fprintf(stderr, "%s; all ranks begin again at the last checkpoint\n", who.c_str());
  }
}

void train_as(const RankCall& call, const run::OpenedJob& job, const run::RunDirectory& directory,
              const std::atomic<bool>& interrupted) {
  train::Ranks group({.rank = call.rank,
                      .ranks = job.spec.value("ranks", int64_t{1}),
                      .meeting = call.meeting,
                      .timeout_seconds = timeout_of(job)});
  train::train(job, directory, interrupted, group);
}

}  // namespace repro::worker
