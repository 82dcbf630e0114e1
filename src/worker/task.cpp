#include "config/task.hpp"

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "data/tasks/harness_hash.hpp"
#include "data/tasks/task_items.hpp"
#include "train/training_data.hpp"
#include "worker/kinds.hpp"

namespace repro::worker {
namespace {

using nlohmann::json;

void write_items(const std::vector<data::TaskItem>& items, const fs::path& path) {
  AtomicFile file(path);
  for (const data::TaskItem& item : items) {
    const data::HarnessHash hash = data::harness_hash(item);
    const nlohmann::ordered_json line = {{"id", item.id},
                                         {"part", item.part},
                                         {"context", item.context},
                                         {"choices", item.choices},
                                         {"gold", item.gold},
                                         {"doc_hash", hash.doc},
                                         {"prompt_hash", hash.prompt},
                                         {"target_hash", hash.target},
                                         {"row", item.row}};
    file.write(line.dump() + "\n");
  }
  file.commit();
}

}  // namespace

json task(const JobContext& context) {
  const auto spec = spec_of<config::Task>(context.job);
  Stopwatch stopwatch;
  const data::TaskItems read =
      spec.is_made() ? data::make_task(spec, train::input(context.job, "corpus").path())
                     : data::read_task(spec, cache_directory(), context.progress);
  write_items(read.items, context.directory.path() / "items.jsonl");
  std::map<std::string, int64_t> parts;
  std::map<std::string, int64_t> gold;
  size_t contexts = 0, choices = 0;
  for (const data::TaskItem& item : read.items) {
    ++parts[item.part];
    ++gold[std::to_string(item.gold)];
    contexts += item.context.size();
    for (const std::string& choice : item.choices) choices += choice.size();
  }
  return {{"task", spec.name},
          {"split", spec.split},
          {"shots", spec.shots.count},
          {"items", read.items.size()},
          {"parts", parts},
          {"gold", gold},
          {"bytes", {{"contexts", contexts}, {"choices", choices}}},
          {"fingerprint", read.fingerprint},
          {"seconds", {{"items", stopwatch.lap()}}},
          {"harness_hashes", data::harness_task_hashes(read.items)}};
}

}  // namespace repro::worker
