#pragma once
// A job: the unit of work, of caching and of failure. One child process does it, in one run
// directory. Its key is a SHA-256 over the canonical JSON of its spec and the keys of the jobs it
// reads, so equal work is never done twice and a changed manifest re-runs only what it changes.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace repro::run {

struct Job {
  std::string kind;                      // "prepare", "cluster", "train", "merge", "probe"
  std::string name;                      // for people: "train-qwen-web-full-s0"
  nlohmann::json spec;                   // config::TrainSpec, ... as JSON
  std::map<std::string, size_t> inputs;  // role -> index of a job of the same plan
  nlohmann::json execution =
      nlohmann::json::object();                       // what may change without changing the result
  nlohmann::json origins = nlohmann::json::object();  // manifest path -> where its value came from
  std::string key;                                    // 64 hex digits; set by JobGraph::add
  std::string directory;                              // "<name>-<first 8 of key>"
};

// Jobs in an order in which inputs come first. Adding a job equal to an earlier one (same key)
// returns it.
class JobGraph {
 public:
  size_t add(Job job);
  const std::vector<Job>& jobs() const { return jobs_; }
  const Job& operator[](size_t index) const { return jobs_[index]; }

 private:
  std::vector<Job> jobs_;
  std::map<std::string, size_t> by_key_;
};

}  // namespace repro::run
