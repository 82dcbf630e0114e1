#include "worker/answers.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "config/task.hpp"
#include "eval/choices.hpp"
#include "measure/choices.hpp"
#include "train/training_data.hpp"
#include "worker/own_tokenizer.hpp"

namespace repro::worker {
namespace {

using measure::Normalised;
using nlohmann::json;

constexpr Normalised kMetrics[] = {Normalised::none, Normalised::by_characters,
                                   Normalised::by_bytes};
constexpr size_t kChunk = 256;  // items that are scored together and then written

// An item of items.jsonl, as far as it is asked.
struct Asked {
  int64_t id = 0;
  std::string part;
  std::string context;
  std::vector<std::string> choices;
  int64_t gold = 0;
};

std::vector<Asked> read_items(const fs::path& path, int64_t limit) {
  std::vector<Asked> items;
  std::map<std::string, int64_t> of_part;
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const json item = parse_json(line);
    if (!item.is_object())
      throw Error("{}: is damaged; delete its folder and run again", path.string());
    Asked asked{item.at("id"), item.at("part"), item.at("context"),
                item.at("choices").get<std::vector<std::string>>(), item.at("gold")};
    if (limit == 0 || of_part[asked.part]++ < limit) items.push_back(std::move(asked));
  }
  if (items.empty())
    throw Error("{}: holds no item; delete its folder and run again", path.string());
  return items;
}

int64_t characters(const std::string& text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) next_code_point(text, at);
  return count;
}

json answer_line(const Asked& item, std::span<const eval::ChoiceScore> scores) {
  json line = {{"id", item.id}, {"part", item.part}, {"gold", item.gold}};
  for (size_t choice = 0; choice < item.choices.size(); ++choice) {
    line["log_likelihoods"].push_back(scores[choice].log_likelihood);
    line["greedy"].push_back(scores[choice].greedy);
    line["tokens"].push_back(scores[choice].tokens);
    line["read"].push_back(scores[choice].read);
    line["truncated"].push_back(scores[choice].truncated);
    line["characters"].push_back(characters(item.choices[choice]));
    line["bytes"].push_back(item.choices[choice].size());
  }
  return line;
}

// The whole lines that an earlier try left; whatever is torn goes.
std::vector<json> keep_whole_lines(const fs::path& path, const std::vector<Asked>& items) {
  std::vector<json> kept;
  if (!fs::exists(path)) return kept;
  std::string whole;
  std::ifstream lines(path);
  for (std::string line; kept.size() < items.size() && std::getline(lines, line);) {
    json answer = parse_json(line);
    if (lines.eof() || !answer.is_object() ||
        answer.value("id", int64_t{-1}) != items[kept.size()].id)
      break;
    kept.push_back(std::move(answer));
    whole += line + "\n";
  }
  write_file_atomically(path, whole);
  return kept;
}

// Scores a chunk of items and writes their lines.
class Answerer {
 public:
  Answerer(const JobContext& context, const config::EvalSpec& spec, model::Transformer& model,
           const std::string& task)
      : context_(context),
        spec_(spec),
        model_(model),
        task_(task),
        tokenizer_(own_tokenizer(context.job, model.config().vocabulary)),
        from_(train::input(context.job, "task-" + task)),
        delimiter_(spec_of<config::Task>(run::open_job(from_)).delimiter) {}

  // A line an item.
  std::vector<json> answer_all() {
    const auto items = read_items(from_.path() / "items.jsonl", spec_.limit);
    const fs::path path = context_.directory.path() / ("answers-" + task_ + ".jsonl");
    std::vector<json> answers = keep_whole_lines(path, items);
    LineWriter writer(path);
    for (size_t first = answers.size(); first < items.size(); first += kChunk) {
      const size_t count = std::min(kChunk, items.size() - first);
      const auto chunk = std::span(items).subspan(first, count);
      for (json& line : answer(chunk, first, items.size())) {
        writer.write(line.dump());
        answers.push_back(std::move(line));
      }
      writer.sync();
    }
    return answers;
  }

 private:
  std::vector<json> answer(std::span<const Asked> items, size_t before, size_t all) {
    std::vector<eval::ChoiceRequest> requests;
    for (const Asked& item : items)
      for (const std::string& choice : item.choices) requests.push_back(request(item, choice));
    const auto scores = eval::score_choices(
        model_, requests, spec_.window, tokens_at_a_time(), [&](size_t done, size_t lines) {
          const double part = static_cast<double>(done) / static_cast<double>(lines);
          context_.progress(task_,
                            static_cast<double>(before) + part * static_cast<double>(items.size()),
                            static_cast<double>(all), "items");
        });
    std::vector<json> lines;
    size_t at = 0;
    for (const Asked& item : items) {
      lines.push_back(answer_line(item, std::span(scores).subspan(at, item.choices.size())));
      at += item.choices.size();
    }
    return lines;
  }

  // Changes no digit, so it is no part of the spec.
  int64_t tokens_at_a_time() const {
    return context_.job.execution.value("batch_tokens", int64_t{8192});
  }

  eval::ChoiceRequest request(const Asked& item, const std::string& choice) {
    try {
      return eval::make_request(*tokenizer_, item.context, delimiter_ + choice);
    } catch (const Error& error) {
      throw Error(error.exit(), "task '{}', item {}: {}", task_, item.id, error.what());
    }
  }

  const JobContext& context_;
  const config::EvalSpec& spec_;
  model::Transformer& model_;
  std::string task_;
  std::unique_ptr<data::Encoder> tokenizer_;
  const run::RunDirectory& from_;
  std::string delimiter_;
};

measure::ScoredItem scored(const json& answer) {
  return {answer.at("gold"), answer.at("log_likelihoods").get<std::vector<double>>(),
          answer.at("characters").get<std::vector<int64_t>>(),
          answer.at("bytes").get<std::vector<int64_t>>()};
}

json summary(const std::vector<json>& answers, const config::EvalSpec& spec) {
  std::vector<measure::ScoredItem> items;
  std::map<std::string, std::vector<measure::ScoredItem>> parts;
  int64_t truncated = 0, beyond = 0;
  for (const json& answer : answers) {
    items.push_back(scored(answer));
    parts[answer.at("part")].push_back(items.back());
    for (const json& cut : answer.at("truncated")) truncated += cut.get<bool>() ? 1 : 0;
    for (const json& read : answer.at("read"))
      beyond += read.get<int64_t>() > spec.sequence ? 1 : 0;
  }
  const measure::Ignorance blind = measure::ignorance(items);
  json result = {{"items", items.size()},      {"window", spec.window},
                 {"truncated", truncated},     {"beyond_training", beyond},
                 {"constant", blind.constant}, {"constant_index", blind.constant_index},
                 {"chance", blind.chance}};
  for (const Normalised metric : kMetrics) {
    const measure::Accuracy found = measure::accuracy(items, metric);
    result[measure::name(metric)] = {{"value", found.value},
                                     {"stderr", found.standard_error},
                                     {"correct", found.correct},
                                     {"predictions", found.predictions},
                                     {"doubts", measure::doubts(found, blind)}};
    for (const auto& [part, own] : parts) {
      result["parts"][part]["items"] = own.size();
      result["parts"][part][measure::name(metric)] = measure::accuracy(own, metric).correct;
    }
  }
  return result;
}

}  // namespace

json answer_tasks(const JobContext& context, const config::EvalSpec& spec,
                  model::Transformer& model) {
  json tasks = json::object();
  for (const std::string& task : spec.tasks) {
    Answerer answerer(context, spec, model, task);
    tasks[task] = summary(answerer.answer_all(), spec);
  }
  return tasks;
}

}  // namespace repro::worker
