#pragma once
// A job: the unit of work, of caching and of failure. One child process does it, in one run
// directory. Its key is a SHA-256 over the canonical JSON of its spec and the keys of the jobs it
// reads, so equal work is never done twice and a changed manifest re-runs only what it changes.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace repro::run {

// What a launcher must find for a job; not part of its key, except where it changes the result and
// so stands in the spec as well.
struct Resources {
  std::string profile = {};  // hardware profile it is planned on; "" = any machine
  int64_t ranks = 1;         // devices that work on it together
  int64_t threads = 1;       // cores of one rank
  int64_t cores() const { return ranks * threads; }
};

// Manifest path -> where its value came from; shared by all jobs of a plan. Null = not told.
using Origins = std::shared_ptr<const nlohmann::json>;

struct Job {
  std::string kind;                      // "prepare", "task", "train", ...: a file of worker/ each
  std::string name;                      // for people: "train-qwen-web-full-s0"
  nlohmann::json spec;                   // config::TrainSpec, ... as JSON
  std::map<std::string, size_t> inputs;  // role -> index of a job of the same plan
  nlohmann::json execution =
      nlohmann::json::object();  // what may change without changing the result
  Resources resources = {};
  Origins origins = {};
  std::string key;        // 64 hex digits; set by JobGraph::add
  std::string directory;  // "<name>-<first 8 of key>"
};

// Of run directories and keys. Bumped when the meaning of a spec changes without its fields: runs
// of another schema are recognised, said, and left alone.
constexpr int kSchema = 3;

// The content address of a job: SHA-256 over schema, kind, spec and the keys of its inputs by role.
std::string job_key(const std::string& kind, const nlohmann::json& spec,
                    const std::map<std::string, std::string>& input_keys);

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
