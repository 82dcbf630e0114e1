#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "base/error.hpp"
#include "launch/clocks.hpp"
#include "launch/slurm.hpp"
#include "launch/slurm_script.hpp"
#include "launch/slurm_states.hpp"

namespace repro::launch {

News SlurmLauncher::poll(std::chrono::milliseconds timeout) {
  using Seconds = std::chrono::duration<double>;
  const double due = asked_ ? site_.poll_seconds - asked_->seconds() : 0;
  if (due > 0) {
    std::this_thread::sleep_for(std::min<Seconds>(timeout, Seconds(due)));
    return {};
  }
  News news;
  if (const auto queue = ask_or_say(news)) look(*queue, news);
  asked_.emplace();
  for (const Ended& ended : news.ended) {
    jobs_.erase(ended.job);
    stopping_.erase(ended.job);
  }
  return news;
}

std::optional<SlurmQueue> SlurmLauncher::ask_or_say(News& news) {
  try {
    SlurmQueue queue = ask_queue();
    if (away_) news.notes.push_back("Slurm answers again");
    away_ = false;
    return queue;
  } catch (const Error& error) {
    if (!away_)
      news.notes.push_back(
          fmt::format("nothing is known of the jobs while Slurm does not answer; they go on: {}",
                      error.what()));
    away_ = true;
    if (forced_) give_up(news);
    return std::nullopt;
  }
}

void SlurmLauncher::look(const SlurmQueue& queue, News& news) {
  std::vector<SlurmTask> waiting;  // though they were asked to stop
  for (auto& [number, job] : jobs_) {
    const QueuePhase phase = look_at(number, job, queue, news);
    if (phase == QueuePhase::waiting && stopping_.contains(number)) waiting.push_back(job.task);
  }
  cancel({}, words_of(waiting));
}

QueuePhase SlurmLauncher::look_at(size_t number, Job& job, const SlurmQueue& queue, News& news) {
  auto at = queue.find(job.task);
  if (at == queue.end()) at = queue.find({job.task.array, kRestOfArray});
  const SlurmEntry* entry =
      at != queue.end() && at->second.name == job.name ? &at->second : nullptr;
  job.absences = entry != nullptr ? 0 : job.absences + 1;
  // It may be asked in the moment between a job's end and what follows.
  constexpr int kGone = 2;
  if (entry == nullptr && job.absences < kGone) return QueuePhase::running;
  const QueuePhase phase = entry != nullptr ? phase_of(entry->state) : QueuePhase::ended;
  if (phase == QueuePhase::running && !job.began) {
    job.began = true;
    news.began.push_back(number);
  }
  if (phase == QueuePhase::waiting) see_to_waiting(job, *entry, news);
  if (phase != QueuePhase::ended) {
    job.ended.reset();
    return phase;
  }
  if (!job.ended) job.ended.emplace();
  if (auto ended = end_of_job(number, job, entry)) {
    if (ended->fate == Fate::exited && ended->status.clean()) compare_clocks(job, news);
    news.ended.push_back(std::move(*ended));
  }
  return phase;
}

// A job whose start failed (its node or the controller had just died) is held by Slurm until
// somebody releases it: only so often, for a node may be at fault. All else is said, once a reason:
// a partition that is too small for a hundred jobs says so of each.
void SlurmLauncher::see_to_waiting(Job& job, const SlurmEntry& entry, News& news) {
  constexpr int kReleases = 3;
  if (entry.reason == kStartFailed && job.releases < kReleases) {
    ++job.releases;
    release(job.task);
    if (noted_.insert("released").second)
      news.notes.push_back(
          fmt::format("Slurm job {} was held ({}); it is released, and so are "
                      "others, each {} times at most",
                      job.task.text(), entry.reason, kReleases));
    return;
  }
  if (needs_help(entry.reason) && noted_.insert(entry.reason).second)
    news.notes.push_back(fmt::format("Slurm job {} waits, perhaps for ever: {} ({})",
                                     job.task.text(), entry.reason, place_of(job)));
}

std::string SlurmLauncher::place_of(const Job& job) const {
  const SiteProfile& asked = site_.of(job.resources);
  return fmt::format("'{}' in {}", asked.name, asked.source.text());
}

std::optional<Ended> SlurmLauncher::end_of_job(size_t number, const Job& job,
                                               const SlurmEntry* entry) const {
  if (entry != nullptr) {
    SlurmEnd end = end_of(job.task, *entry, place_of(job));
    if (end.fate != Fate::exited)
      return Ended{.job = number, .status = {}, .fate = end.fate, .why = std::move(end.why)};
  }
  if (job.directory.state() == run::State::done) return Ended{.job = number};
  const auto status = read_ended(job.directory, job.name, job.task.index);
  // A shared folder may show late what a node wrote.
  const bool settled = job.ended->seconds() >= site_.settle_seconds;
  if (!settled && (!status || status->clean())) return std::nullopt;
  if (!status) return without_word(number, job, entry);
  constexpr int kNotExecutable = 126, kNotFound = 127;
  if (status->code == kNotExecutable || status->code == kNotFound)
    return Ended{.job = number,
                 .status = {},
                 .fate = Fate::refused,
                 .why = fmt::format("{} cannot run {}: say in {} where the nodes have it (worker)",
                                    node_of(entry), worker_.string(), site_.source.file)};
  return Ended{.job = number, .status = *status};
}

std::string SlurmLauncher::node_of(const SlurmEntry* entry) {
  return entry == nullptr || entry->nodes.empty() ? "its node" : "node " + entry->nodes;
}

// The script always says how its worker ended, unless it could not.
Ended SlurmLauncher::without_word(size_t number, const Job& job, const SlurmEntry* entry) const {
  std::optional<ExitStatus> exit;
  try {
    if (entry != nullptr) exit = ask_exit(job.task);
  } catch (const Error&) {  // Slurm went away meanwhile
  }
  constexpr int kNoOutputFile = 53;  // Slurm's own, in the place of a signal
  if (exit && (exit->code == kNoListExit || exit->signal == kNoOutputFile))
    return {.job = number,
            .status = {},
            .fate = Fate::refused,
            .why = fmt::format("{} does not see {}, or cannot write there: give --runs a folder "
                               "that this machine and all nodes share",
                               node_of(entry), runs_.string())};
  const std::string how = exit && !exit->clean() ? ": " + describe(*exit) : "";
  return {.job = number,
          .status = {},
          .fate = Fate::lost,
          .why = fmt::format("Slurm job {} ended without a word of its script{}; its log is {}",
                             job.task.text(), how, submissions_.log(job.name).string())};
}

void SlurmLauncher::compare_clocks(const Job& job, News& news) {
  if (job.submitted == 0) return;
  const auto difference = find_clock_difference(job.directory, job.submitted, std::time(nullptr));
  if (difference && noted_.insert("clock of " + difference->host).second)
    news.notes.push_back(difference->line);
}

// The user wants an end, and nobody can say how the jobs are.
void SlurmLauncher::give_up(News& news) {
  for (const auto& [number, job] : jobs_)
    news.ended.push_back({.job = number,
                          .status = {},
                          .fate = Fate::lost,
                          .why = "Slurm does not answer; its job may go on"});
}

}  // namespace repro::launch
