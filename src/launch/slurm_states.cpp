#include "launch/slurm_states.hpp"

#include <fmt/format.h>

#include <set>

namespace repro::launch {
namespace {

// As `man squeue` lists them under "job state codes".
const std::set<std::string> kWaiting = {"PENDING",      "REQUEUED",     "REQUEUE_FED",
                                        "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"};
const std::set<std::string> kEnded = {
    "COMPLETED", "FAILED",   "CANCELLED",     "TIMEOUT", "NODE_FAIL",     "PREEMPTED",
    "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"};

// Reasons for which a job waits and that pass by themselves.
const std::set<std::string> kUsual = {"None",     "Priority",  "Resources",         "Dependency",
                                      "Cleaning", "BeginTime", "JobArrayTaskLimit", "Prolog"};

std::string node_text(const SlurmEntry& entry) {
  return entry.nodes.empty() ? "its node" : fmt::format("its node {}", entry.nodes);
}

}  // namespace

QueuePhase phase_of(const std::string& state) {
  if (kEnded.contains(state)) return QueuePhase::ended;
  if (kWaiting.contains(state)) return QueuePhase::waiting;
  return QueuePhase::running;
}

SlurmEnd end_of(const SlurmTask& task, const SlurmEntry& entry, const std::string& place) {
  const std::string& state = entry.state;
  const std::string job = fmt::format("Slurm job {}", task.text());
  if (state == "TIMEOUT")
    return {Fate::lost,
            fmt::format("{} was stopped at its time limit before its checkpoint was written; raise "
                        "minutes of {}, or checkpoint_seconds",
                        job, place)};
  if (state == "NODE_FAIL")
    return {Fate::lost, fmt::format("{} failed ({})", node_text(entry), job)};
  if (state == "BOOT_FAIL")
    return {Fate::lost, fmt::format("{} did not boot ({})", node_text(entry), job)};
  if (state == "PREEMPTED")
    return {Fate::lost, fmt::format("{} made room for a job of higher rank", job)};
  if (state == "REVOKED" || state == "LAUNCH_FAILED" || state == "RECONFIG_FAIL")
    return {Fate::lost, fmt::format("{} could not be started ({})", job, state)};
  if (state == "OUT_OF_MEMORY")
    return {
        Fate::refused,
        fmt::format("{} took more memory than was asked for; raise memory_gib of {}", job, place)};
  if (state == "DEADLINE") return {Fate::refused, fmt::format("{} passed its deadline", job)};
  // Of one that somebody cancelled while it waited the reason is still why it waited.
  if (state == "CANCELLED" && entry.reason == "DependencyNeverSatisfied")
    return {Fate::returned, {}};
  if (state == "CANCELLED")
    return {Fate::cancelled,
            fmt::format("{} was cancelled; the same command puts it into the queue again", job)};
  return {};
}

bool needs_help(const std::string& reason) { return !reason.empty() && !kUsual.contains(reason); }

}  // namespace repro::launch
