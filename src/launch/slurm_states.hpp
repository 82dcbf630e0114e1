#pragma once
// What Slurm's words for the state of a job mean here. Pure.

#include <string>

#include "launch/launcher.hpp"
#include "launch/slurm_commands.hpp"

namespace repro::launch {

enum class QueuePhase { waiting, running, ended };
// A word that nobody here knows is of a job that goes on.
QueuePhase phase_of(const std::string& state);

// Of a task that did not end by itself: what that means for its job, and a clause that says so.
// `place`: where the site file says what was asked for: "'rtx-4090' in hardware_profiles/...".
// Fate::exited when the state leaves it to the job's own exit status.
struct SlurmEnd {
  Fate fate = Fate::exited;
  std::string why = {};
};
SlurmEnd end_of(const SlurmTask& task, const SlurmEntry& entry, const std::string& place);

// The reason of a job that Slurm holds because it could not start it.
constexpr const char* kStartFailed = "launch failed requeued held";
// Whether it says that somebody has to do something before the job can start.
bool needs_help(const std::string& reason);

}  // namespace repro::launch
