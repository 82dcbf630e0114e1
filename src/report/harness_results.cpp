#include "report/harness_results.hpp"

#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "measure/choices.hpp"

namespace repro::report {
namespace {

using measure::Normalised;
using nlohmann::ordered_json;

constexpr const char* kHarnessVersion = "0.4.13";

std::string time_name() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &parts);
  return text;
}

// As the harness makes a folder's name of a model's.
std::string folder_name(std::string name) {
  for (char& c : name)
    if (std::string_view("\"<>:/|\\?* []").find(c) != std::string_view::npos) c = '_';
  return name;
}

// An item with its answer, of which each part's are together.
struct Sample {
  ordered_json item, answer;
};

std::string line_at(std::ifstream& file, std::streamoff at) {
  std::string line;
  file.clear();
  file.seekg(at);
  std::getline(file, line);
  return line;
}

ordered_json object_of(const std::string& line, const std::filesystem::path& path) {
  ordered_json value = parse_ordered_json(line);
  if (!value.is_object())
    throw Error("{}: is damaged; delete its folder and run again", path.string());
  return value;
}

// One task's answers beside its items, part by part.
class Samples {
 public:
  explicit Samples(const HarnessTask& task)
      : task_(task), items_(task.items), answers_(task.answers) {
    std::map<int64_t, std::streamoff> of_item;
    std::string line;
    for (std::streamoff at = 0; std::getline(items_, line); at = items_.tellg())
      of_item[object_of(line, task.items).value("id", int64_t{-1})] = at;
    for (std::streamoff at = 0; std::getline(answers_, line); at = answers_.tellg()) {
      const ordered_json answer = object_of(line, task.answers);
      const auto found = of_item.find(answer.value("id", int64_t{-1}));
      if (found == of_item.end())
        throw Error("{}: answers an item that {} does not hold; delete its folder and run again",
                    task.answers.string(), task.items.string());
      of_part_[answer.value("part", "")].push_back({found->second, at});
    }
  }

  std::vector<std::string> parts() const {
    std::vector<std::string> names;
    for (const auto& [part, places] : of_part_) names.push_back(part);
    return names;
  }
  size_t count(const std::string& part) const { return of_part_.at(part).size(); }

  Sample read(const std::string& part, size_t index) {
    const auto [item, answer] = of_part_.at(part)[index];
    return {object_of(line_at(items_, item), task_.items),
            object_of(line_at(answers_, answer), task_.answers)};
  }

 private:
  const HarnessTask& task_;
  std::ifstream items_, answers_;
  std::map<std::string, std::vector<std::pair<std::streamoff, std::streamoff>>> of_part_;
};

measure::ScoredItem scored(const ordered_json& answer) {
  return {answer.at("gold"), answer.at("log_likelihoods").get<std::vector<double>>(),
          answer.at("characters").get<std::vector<int64_t>>(),
          answer.at("bytes").get<std::vector<int64_t>>()};
}

std::vector<Normalised> metrics_of(const config::Task& task) {
  std::vector<Normalised> metrics;
  for (const Normalised each : {Normalised::none, Normalised::by_characters, Normalised::by_bytes})
    for (const std::string& name : task.metrics)
      if (name == measure::name(each)) metrics.push_back(each);
  return metrics;
}

// A line of the samples' file, its keys in the harness's order.
ordered_json sample_line(const Sample& sample, size_t doc_id, const config::Task& task) {
  const ordered_json &item = sample.item, &answer = sample.answer;
  ordered_json arguments, responses = ordered_json::array(), filtered = ordered_json::array();
  const ordered_json& choices = item.at("choices");
  for (size_t c = 0; c < choices.size(); ++c) {
    arguments[fmt::format("gen_args_{}", c)] = {
        {"arg_0", item.at("context")}, {"arg_1", task.delimiter + choices[c].get<std::string>()}};
    const ordered_json response = {answer.at("log_likelihoods").at(c).dump(),
                                   answer.at("greedy").at(c).get<bool>() ? "True" : "False"};
    responses.push_back(ordered_json::array({response}));
    filtered.push_back(response);
  }
  const measure::ScoredItem own = scored(answer);
  ordered_json line = {{"doc_id", doc_id},
                       {"doc", item.at("row")},
                       {"target", std::to_string(own.gold)},
                       {"arguments", arguments},
                       {"resps", responses},
                       {"filtered_resps", filtered},
                       {"filter", "none"},
                       {"metrics", ordered_json::array()}};
  for (const char* hash : {"doc_hash", "prompt_hash", "target_hash"}) line[hash] = item.at(hash);
  for (const Normalised metric : metrics_of(task)) {
    line["metrics"].push_back(measure::name(metric));
    line[measure::name(metric)] = measure::predicted(own, metric) == own.gold ? 1.0 : 0.0;
  }
  return line;
}

// What results_TIME.json collects.
struct Collected {
  ordered_json results = ordered_json::object(), groups = ordered_json::object(),
               members = ordered_json::object(), configs = ordered_json::object(),
               versions = ordered_json::object(), shots = ordered_json::object(),
               higher = ordered_json::object(), counts = ordered_json::object(),
               hashes = ordered_json::object();
};

void add_score(ordered_json& entry, std::span<const measure::ScoredItem> items,
               const config::Task& task) {
  for (const Normalised metric : metrics_of(task)) {
    const measure::Accuracy found = measure::accuracy(items, metric);
    entry[measure::name(metric) + ",none"] = found.value;
    entry[measure::name(metric) + "_stderr,none"] = found.standard_error;
  }
}

// Writes the samples of one part and adds what the results say of it.
std::vector<measure::ScoredItem> write_part(Samples& samples, const std::string& part,
                                            const std::string& name, const config::Task& task,
                                            const std::filesystem::path& path, Collected& all) {
  AtomicFile file(path);
  Sha256 hash;
  std::vector<measure::ScoredItem> items;
  for (size_t i = 0; i < samples.count(part); ++i) {
    const Sample sample = samples.read(part, i);
    const ordered_json line = sample_line(sample, i, task);
    items.push_back(scored(sample.answer));
    for (const char* key : {"doc_hash", "prompt_hash", "target_hash"})
      hash.update(line.at(key).get<std::string>());
    file.write(line.dump() + "\n");
  }
  file.commit();
  all.hashes[name] = hash.hex();
  ordered_json& entry = all.results[name];
  entry = {{"alias", name}, {"name", name}, {"sample_len", items.size()}};
  add_score(entry, items, task);
  all.configs[name] = {{"task", name},
                       {"output_type", "multiple_choice"},
                       {"target_delimiter", task.delimiter},
                       {"num_fewshot", task.shots.count},
                       {"metadata", {{"version", 1.0}}}};
  all.versions[name] = 1.0;
  all.shots[name] = task.shots.count;
  for (const Normalised metric : metrics_of(task)) all.higher[name][measure::name(metric)] = true;
  all.counts[name] = {{"original", items.size()}, {"effective", items.size()}};
  return items;
}

using Parts = std::map<std::string, std::vector<measure::ScoredItem>>;

// A score over several parts, every item counting alike.
void add_group(const std::string& name, const std::vector<std::string>& parts, const Parts& scores,
               const config::Task& task, Collected& all) {
  std::vector<measure::ScoredItem> items;
  ordered_json members = ordered_json::array();
  for (const std::string& part : parts)
    if (const auto found = scores.find(part); found != scores.end()) {
      items.insert(items.end(), found->second.begin(), found->second.end());
      members.push_back(task.name + "_" + part);
    }
  if (items.empty()) return;
  ordered_json entry = {{"alias", name}, {"name", name}, {"sample_len", items.size()}};
  add_score(entry, items, task);
  entry["sample_count"] = {{"acc,none", items.size()}};
  all.members[name] = members;
  all.results[name] = all.groups[name] = entry;
}

void add_task(const HarnessTask& task, const std::filesystem::path& folder, const std::string& time,
              Collected& all) {
  Samples samples(task);
  const config::Task& definition = task.definition;
  Parts scores;
  for (const std::string& part : samples.parts()) {
    const std::string name = part.empty() ? definition.name : definition.name + "_" + part;
    scores[part] =
        write_part(samples, part, name, definition,
                   folder / fmt::format("samples_{}_{}.jsonl", folder_name(name), time), all);
  }
  if (definition.part.empty()) return;
  add_group(definition.name, samples.parts(), scores, definition, all);
  for (const config::TaskGroup& group : definition.groups)
    add_group(definition.name + "_" + group.name, group.parts, scores, definition, all);
}

}  // namespace

std::filesystem::path write_harness_results(const std::filesystem::path& folder,
                                            const HarnessModel& model,
                                            const std::vector<HarnessTask>& tasks) {
  const std::string time = time_name(), name = folder_name(model.name);
  const std::filesystem::path own = folder / name;
  make_directories(own);
  Collected all;
  for (const HarnessTask& task : tasks) add_task(task, own, time, all);
  const ordered_json file = {
      {"results", all.results},
      {"groups", all.groups},
      {"group_subtasks", all.members},
      {"configs", all.configs},
      {"versions", all.versions},
      {"n-shot", all.shots},
      {"higher_is_better", all.higher},
      {"n-samples", all.counts},
      {"config",
       {{"model", "repro"},
        {"model_args", {{"pretrained", model.name}, {"max_length", model.window}}},
        {"model_num_parameters", model.parameters},
        {"model_dtype", model.precision},
        {"limit", model.limit == 0 ? ordered_json(nullptr) : ordered_json(model.limit)}}},
      {"date", static_cast<int64_t>(std::time(nullptr))},
      {"lm_eval_version", kHarnessVersion},
      {"written_by", "repro " REPRO_VERSION},
      {"max_length", model.window},
      {"task_hashes", all.hashes},
      {"model_source", "repro"},
      {"model_name", model.name},
      {"model_name_sanitized", name},
      {"total_evaluation_time_seconds", fmt::format("{}", model.seconds)}};
  const std::filesystem::path path = own / fmt::format("results_{}.json", time);
  write_file_atomically(path, file.dump(2) + "\n");
  return path;
}

}  // namespace repro::report
