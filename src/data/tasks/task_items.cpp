#include "data/tasks/task_items.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/formats/rows.hpp"
#include "data/tasks/corpus_rows.hpp"
#include "data/tasks/python_random.hpp"
#include "data/tasks/task_files.hpp"
#include "data/tasks/template_text.hpp"

namespace repro::data {
namespace {

using nlohmann::ordered_json;

constexpr const char* kBetweenShots = "\n\n";

// A definition with its templates read once.
class ItemMaker {
 public:
  explicit ItemMaker(const config::Task& task)
      : task_(task),
        part_(task.part),
        description_(task.description),
        context_(task.context),
        gold_(task.gold) {
    for (const std::string& choice : task.choices) choices_.emplace_back(choice);
    for (const config::TaskField& field : task.fields) fields_.emplace_back(field.text);
  }

  // The row with the definition's fields, and what it asks; without description and examples.
  TaskItem make(const TaskRow& from) const {
    TaskItem item;
    try {
      item.row = from.row;
      for (size_t i = 0; i < fields_.size(); ++i) add_field(task_.fields[i], fields_[i], item.row);
      item.part = part_.fill(item.row);
      item.context = context_.fill(item.row);
      item.choices = choices_of(item.row);
      item.gold = gold_of(item.row, item.choices.size());
    } catch (const Error& error) {
      throw Error(error.exit(), "task '{}': {}: {}", task_.name, from.where, error.what());
    }
    return item;
  }

  std::string describe(const TaskItem& item) const { return description_.fill(item.row); }
  std::string worked(const TaskItem& item) const {
    return item.context + task_.delimiter + item.choices[static_cast<size_t>(item.gold)];
  }

  bool keeps(const TaskRow& row) const {
    const auto whole = [&](const std::string& path) {
      const ordered_json& value = value_at(row.row, path);
      if (!value.is_number_integer())
        throw Error("task '{}': {}: '{}' is no whole number", task_.name, row.where, path);
      return value.get<int64_t>();
    };
    return std::all_of(task_.keep_equal.begin(), task_.keep_equal.end(),
                       [&](const auto& rule) { return whole(rule.first) == rule.second; }) &&
           std::all_of(task_.keep_below.begin(), task_.keep_below.end(),
                       [&](const auto& rule) { return whole(rule.first) < rule.second; });
  }

 private:
  static std::string cleaned(const config::TaskField& field, std::string text) {
    if (!field.cut.empty()) {
      const std::string &begin = field.cut[0], &end = field.cut[1];
      if (text.size() < begin.size() + end.size() || !text.starts_with(begin) ||
          !text.ends_with(end))
        throw Error("field '{}': '{}' does not begin with '{}' and end with '{}'", field.name, text,
                    begin, end);
      text = text.substr(begin.size(), text.size() - begin.size() - end.size());
    }
    return field.clean == "wikihow" ? clean_wikihow(text) : text;
  }

  static ordered_json typed(const config::TaskField& field, const std::string& text) {
    if (field.type == "text") return text;
    const bool digits = !text.empty() && text.size() < 18 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) throw Error("field '{}': '{}' is no whole number", field.name, text);
    return std::stoll(text);
  }

  static void add_field(const config::TaskField& field, const Template& text, ordered_json& row) {
    if (field.each.empty()) {
      row[field.name] = typed(field, cleaned(field, text.fill(row)));
      return;
    }
    ordered_json list = ordered_json::array();
    for (const ordered_json& element : elements(row, field.each))
      list.push_back(typed(field, cleaned(field, text.fill(element))));
    row[field.name] = std::move(list);
  }

  static const ordered_json& elements(const ordered_json& row, const std::string& path) {
    const ordered_json& list = value_at(row, path);
    if (!list.is_array()) throw Error("'{}' is {}, expected a list", path, list.type_name());
    return list;
  }

  std::vector<std::string> choices_of(const ordered_json& row) const {
    std::vector<std::string> choices;
    for (const Template& choice : choices_) choices.push_back(choice.fill(row));
    if (choices_.empty())
      for (const ordered_json& element : elements(row, task_.choices_from))
        choices.push_back(text_of(element, task_.choices_from));
    if (choices.size() < 2) throw Error("{} choice(s), expected two or more", choices.size());
    for (const std::string& choice : choices)
      if (choice.empty()) throw Error("a choice without a character");
    return choices;
  }

  int64_t gold_of(const ordered_json& row, size_t choices) const {
    const std::string text = gold_.fill(row);
    if (!task_.gold_in.empty()) {
      const ordered_json& labels = elements(row, task_.gold_in);
      for (size_t i = 0; i < labels.size() && i < choices; ++i)
        if (text_of(labels[i], task_.gold_in) == text) return static_cast<int64_t>(i);
      throw Error("the right choice '{}' stands not in '{}'", text, task_.gold_in);
    }
    const bool digits = !text.empty() && text.size() < 10 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(text) >= choices)
      throw Error("the right choice is '{}', expected 0 to {}", text, choices - 1);
    return std::stoll(text);
  }

  const config::Task& task_;
  Template part_, description_, context_, gold_;
  std::vector<Template> choices_, fields_;
};

// The worked examples before each item.
class Shots {
 public:
  Shots(const config::Task& task, const ItemMaker& maker, const std::vector<TaskRow>& rows)
      : task_(task), maker_(maker), random_(static_cast<uint32_t>(task.shots.seed)) {
    for (const config::TaskShot& shot : task.shots.examples)
      add({}, shot.context + task.delimiter + shot.answer);
    if (!task.shots.examples.empty()) return;
    for (const TaskRow& row : rows) {
      const TaskItem example = maker.make(row);
      add(pool_of(example), maker.worked(example));
    }
  }

  std::string before(const TaskItem& item) {
    std::string text;
    const auto count = static_cast<size_t>(task_.shots.count);
    if (count == 0) return text;
    const std::vector<std::string>& pool = pools_[pool_of(item)];
    if (pool.size() < count)
      throw Error("task '{}': {} examples{}, shots.count = {}; lower the count or import more",
                  task_.name, pool.size(), item.part.empty() ? "" : " for '" + item.part + "'",
                  count);
    std::vector<size_t> drawn;
    if (task_.shots.draw == "sample")
      drawn = random_.sample(pool.size(), count);
    else
      for (size_t i = 0; i < count; ++i) drawn.push_back(i);
    for (const size_t at : drawn) text += pool[at] + kBetweenShots;
    return text;
  }

 private:
  void add(const std::string& pool, std::string text) { pools_[pool].push_back(std::move(text)); }
  std::string pool_of(const TaskItem& item) const {
    const std::string& same = task_.shots.same;
    return same.empty() ? "" : text_of(value_at(item.row, same), same);
  }

  const config::Task& task_;
  const ItemMaker& maker_;
  PythonRandom random_;
  std::map<std::string, std::vector<std::string>> pools_;
};

std::string fingerprint_of(const std::vector<TaskItem>& items) {
  Sha256 hash;
  for (const TaskItem& item : items)
    hash.update(nlohmann::json({item.context, item.choices, item.gold}).dump() + "\n");
  return hash.hex();
}

std::vector<TaskRow> read_rows(const config::Task& task,
                               const std::vector<std::filesystem::path>& files) {
  std::vector<TaskRow> rows;
  for (const std::filesystem::path& file : files) {
    int64_t number = 0;
    for_each_row(file, task.columns, [&](ordered_json&& row) {
      rows.push_back({std::move(row), fmt::format("{}, row {}", file.string(), ++number)});
    });
  }
  return rows;
}

}  // namespace

std::vector<TaskItem> make_items(const config::Task& task, const std::vector<TaskRow>& rows,
                                 const std::vector<TaskRow>& shot_rows) {
  const ItemMaker maker(task);
  Shots shots(task, maker, shot_rows);
  std::vector<TaskItem> items;
  for (const TaskRow& row : rows) {
    if (!maker.keeps(row)) continue;
    TaskItem item = maker.make(row);
    item.id = static_cast<int64_t>(items.size());
    item.context = maker.describe(item) + shots.before(item) + item.context;
    items.push_back(std::move(item));
  }
  if (items.empty()) throw Error("task '{}': no item; check members and keep_*", task.name);
  return items;
}

TaskItems read_task(const config::Task& task, const std::filesystem::path& cache,
                    const ProgressCallback& progress) {
  const TaskFiles files = bring_files(task, cache, progress);
  TaskItems result;
  result.items = make_items(task, read_rows(task, files.items), read_rows(task, files.shots));
  result.fingerprint = fingerprint_of(result.items);
  return result;
}

TaskItems make_task(const config::Task& task, const std::filesystem::path& prepared) {
  TaskItems result;
  result.items = make_items(task, rows_of_corpus(task, prepared), {});
  result.fingerprint = fingerprint_of(result.items);
  return result;
}

}  // namespace repro::data
