#include "data/tasks/harness_hash.hpp"

#include "base/hash.hpp"

namespace repro::data {

HarnessHash harness_hash(const TaskItem& item) {
  return {sha256_hex(item.row.dump(2)), sha256_hex(item.context),
          sha256_hex(std::to_string(item.gold))};
}

std::map<std::string, std::string> harness_task_hashes(const std::vector<TaskItem>& items) {
  std::map<std::string, Sha256> of_parts;
  for (const TaskItem& item : items) {
    const HarnessHash hash = harness_hash(item);
    of_parts[item.part].update(hash.doc + hash.prompt + hash.target);
  }
  std::map<std::string, std::string> hashes;
  for (auto& [part, hash] : of_parts) hashes[part] = hash.hex();
  return hashes;
}

}  // namespace repro::data
