#include "run/job.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

namespace repro::run {
namespace {

// Bumped when the meaning of a spec changes without its fields: old results are then not reused.
constexpr int kSchema = 1;

// nlohmann's objects are sorted by key and its doubles print shortest round-trip: canonical as they
// are.
std::string key_of(const Job& job, const std::vector<Job>& jobs) {
  nlohmann::json identity = {{"schema", kSchema}, {"kind", job.kind}, {"spec", job.spec}};
  for (const auto& [role, index] : job.inputs) identity["inputs"][role] = jobs[index].key;
  return sha256_hex(identity.dump());
}

}  // namespace

size_t JobGraph::add(Job job) {
  for (const auto& [role, index] : job.inputs)
    check(index < jobs_.size(), "a job's inputs are added before it");
  job.key = key_of(job, jobs_);
  job.directory = job.name + "-" + job.key.substr(0, 8);
  const auto [at, is_new] = by_key_.try_emplace(job.key, jobs_.size());
  if (is_new) jobs_.push_back(std::move(job));
  return at->second;
}

}  // namespace repro::run
