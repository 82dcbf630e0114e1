#include "findings/answers.hpp"

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "config/job_spec.hpp"

namespace repro::findings {
namespace {

using measure::ScoredItem;
using nlohmann::json;

bool is_whole(const ScoredItem& item) {
  const size_t choices = item.log_likelihoods.size();
  if (choices == 0 || item.characters.size() != choices || item.bytes.size() != choices ||
      item.gold < 0 || item.gold >= static_cast<int64_t>(choices))
    return false;
  for (size_t i = 0; i < choices; ++i)
    if (std::isnan(item.log_likelihoods[i]) || item.characters[i] <= 0 || item.bytes[i] <= 0)
      return false;
  return true;
}

ScoredItem item_of(const json& line) {
  return {line.at("gold"), line.at("log_likelihoods").get<std::vector<double>>(),
          line.at("characters").get<std::vector<int64_t>>(),
          line.at("bytes").get<std::vector<int64_t>>()};
}

class AnswerReader {
 public:
  AnswerReader(std::filesystem::path path, Answers& answers)
      : path_(std::move(path)), answers_(answers) {}

  std::vector<ScoredItem> read() {
    std::vector<ScoredItem> items;
    std::ifstream lines(path_);
    for (std::string text; std::getline(lines, text);) {
      try {
        const json line = parse_json(text);
        ScoredItem item = item_of(line);
        if (!is_whole(item)) damaged(items.size());
        answers_.ids.push_back(line.at("id"));
        answers_.parts.push_back(part(line.at("part")));
        items.push_back(std::move(item));
      } catch (const json::exception&) {
        damaged(items.size());
      }
    }
    if (items.empty()) damaged(0);
    return items;
  }

 private:
  [[noreturn]] void damaged(size_t line) const {
    throw Error("{}:{}: is no answer; delete its folder and run again", path_.string(), line + 1);
  }

  int32_t part(const std::string& name) {
    const auto [at, is_new] = numbers_.try_emplace(name, static_cast<int32_t>(numbers_.size()));
    if (is_new) answers_.part_names.push_back(name);
    return at->second;
  }

  std::filesystem::path path_;
  Answers& answers_;
  std::map<std::string, int32_t> numbers_;
};

}  // namespace

Answers read_answers(const run::Job& job, const run::RunDirectory& directory,
                     run::Verifier& verifier) {
  const auto spec = config::from_json<config::EvalSpec>(job.spec, job.name);
  check(spec.tasks.size() == 1, "a plan's job answers one task");
  Answers answers;
  answers.task = spec.tasks.front();
  answers.window = spec.window;
  answers.limit = spec.limit;
  const std::string file = "answers-" + answers.task + ".jsonl";
  verifier.require(directory, file);
  const auto items = AnswerReader(directory.path() / file, answers).read();
  answers.ignorance = measure::ignorance(items);
  for (const measure::Normalised metric : kAllMetrics) {
    const auto at = static_cast<size_t>(metric);
    answers.scores[at] = measure::accuracy(items, metric);
    for (const ScoredItem& item : items)
      answers.right[at].push_back(measure::predicted(item, metric) == item.gold ? 1 : 0);
  }
  const json summary = verifier.result(directory).at("tasks").at(answers.task);
  answers.truncated = summary.at("truncated");
  answers.beyond_training = summary.at("beyond_training");
  return answers;
}

bool same_items(const Answers& a, const Answers& b) {
  return a.task == b.task && a.ids == b.ids && a.parts == b.parts && a.part_names == b.part_names;
}

}  // namespace repro::findings
