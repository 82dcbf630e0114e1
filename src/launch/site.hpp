#pragma once
// A site: how a cluster's Slurm is asked for the devices that hardware profiles name. One file a
// cluster, hardware_profiles/sites/NAME.toml of the root or of the user's library; docs/site.toml
// is one to copy.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "config/node.hpp"
#include "run/job.hpp"

namespace repro::launch {

// What is asked for a job of one profile: [[profile]]. Empty and 0 = nothing is said of it, and the
// partition's default holds.
struct SiteProfile {
  std::string name;        // of a hardware profile; kAnyProfile = jobs that are of none
  std::string partition;   // or several, with commas
  std::string constraint;  // features of a node, in Slurm's notation: "a100&nvlink"
  std::string account;
  std::string qos;
  std::string gpu_type;        // as the cluster's gres names it
  int64_t gpus = 0;            // for each rank
  double memory_gib = 0;       // for each rank
  int64_t minutes = 0;         // time limit of a job; what it has not done by then it continues
  bool exclusive = false;      // a node of its own
  config::Source source = {};  // where the file says it
};
constexpr const char* kAnyProfile = "any";

struct Site {
  std::string name;  // file name without .toml
  std::string title;
  std::string worker;                // repro-worker's path on the nodes; "" = as on this machine
  double poll_seconds = 5;           // between two questions to the controller
  double settle_seconds = 30;        // a shared folder may show a file as late as this
  int64_t checkpoint_seconds = 120;  // before its time limit a job is asked for a checkpoint
  int64_t continuations = 100;       // times that a job may continue after its time limit
  int64_t most_jobs = 0;             // in the queue at a time; 0 = all
  std::vector<SiteProfile> profiles;
  config::Source source = {};

  // The entry for a job; Error, naming the file and the way out, when there is none.
  const SiteProfile& of(const run::Resources& resources) const;
};

void describe(config::Fields&, SiteProfile&);
void describe(config::Fields&, Site&);

// Error with every problem of the file at once.
Site load_site(const std::filesystem::path& path, const std::string& shown_as);
// The site of this name; of "" the only one there is. An Error says where one is to be written when
// there is none, and names them when there are several.
Site find_site(const std::filesystem::path& root, const std::string& name);

}  // namespace repro::launch
