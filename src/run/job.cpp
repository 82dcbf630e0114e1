#include "run/job.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"

namespace repro::run {

// nlohmann's objects are sorted by key and its doubles print shortest round-trip: canonical as they
// are.
std::string job_key(const std::string& kind, const nlohmann::json& spec,
                    const std::map<std::string, std::string>& input_keys) {
  nlohmann::json identity = {{"schema", kSchema}, {"kind", kind}, {"spec", spec}};
  for (const auto& [role, key] : input_keys) identity["inputs"][role] = key;
  return sha256_hex(identity.dump());
}

size_t JobGraph::add(Job job) {
  // A spec leaves out what equals its default.
  check(job.resources.threads == job.spec.value("threads", int64_t{1}),
        "a job gets the threads that its spec computes with");
  std::map<std::string, std::string> input_keys;
  for (const auto& [role, index] : job.inputs) {
    check(index < jobs_.size(), "a job's inputs are added before it");
    input_keys[role] = jobs_[index].key;
  }
  job.key = job_key(job.kind, job.spec, input_keys);
  job.directory = job.name + "-" + job.key.substr(0, 8);
  const auto [at, is_new] = by_key_.try_emplace(job.key, jobs_.size());
  if (is_new) jobs_.push_back(std::move(job));
  return at->second;
}

}  // namespace repro::run
