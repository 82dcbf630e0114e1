#include "config/task.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "config/library.hpp"

namespace repro::config {
namespace {

const std::filesystem::path kTaskFolder = "eval";
const std::vector<std::string> kMadeItems = {"next_passage", "other_word"};

// Items of a corpus come from no file of their own.
void check_made(const Task& task, const Node& root, Problems& problems) {
  const auto at = [&](std::string_view path) {
    const Node* found = root.find(path);
    return found ? found->source : root.source;
  };
  if (!task.is_made()) {
    if (root.find("made") != nullptr)
      problems.add(at("made"), "made: only a source of kind \"corpus\" makes its items");
    return;
  }
  if (const std::string problem = problem_of(task.source.name, one_of(kMadeItems));
      !problem.empty())
    problems.add(at("source.name"), "name = \"{}\": {}", task.source.name, problem);
  for (const char* key : {"members", "shots", "keep_equal", "keep_below", "source.version",
                          "source.sha256", "source.bytes"})
    if (root.find(key) != nullptr)
      problems.add(at(key), "{}: items of a corpus have none; leave it out", key);
}

// What a field's own rule cannot see: values that need or exclude one another.
void check_task(const Task& task, const Node& root, Problems& problems) {
  const auto at = [&](std::string_view path) {
    const Node* found = root.find(path);
    return found ? found->source : root.source;
  };
  check_made(task, root, problems);
  for (const NameProblem& problem : name_problems(task.name, {task.source}))
    problems.add_text(at(problem.source < 0 ? "name" : "source." + problem.key), problem.text);
  if (task.source.kind == "wheel" && (task.source.version.empty() || task.source.sha256.empty()))
    problems.add(at("source"), "source: wheel '{}' needs version and sha256", task.source.name);
  if (task.choices.empty() == task.choices_from.empty())
    problems.add(at("choices"), "give choices (a template each) or choices_from (a list), not {}",
                 task.choices.empty() ? "neither" : "both");
  if (task.choices_from.empty() && task.choices.size() == 1)
    problems.add(at("choices"), "choices: one is none; write two or more");
  const TaskShots& shots = task.shots;
  if (shots.count > 0 && shots.members.empty() == shots.examples.empty())
    problems.add(at("shots"), "shots: give members or examples, not {}",
                 shots.members.empty() ? "neither" : "both");
  const auto given = static_cast<int64_t>(shots.examples.size());
  if (!shots.examples.empty() && given < shots.count)
    problems.add(at("shots"), "shots: {} examples, count = {}; add examples or lower the count",
                 given, shots.count);
  for (const TaskField& field : task.fields)
    if (!field.cut.empty() && field.cut.size() != 2)
      problems.add(at("fields"), "fields: '{}': cut = [what it begins with, what it ends with]",
                   field.name);
}

}  // namespace

void describe(Fields& fields, TaskSource& source) {
  fields.field("kind", source.kind, one_of({"wheel", "url", "file", "corpus"}) + required());
  fields.field("name", source.name, required());
  fields.field("version", source.version);
  fields.field("sha256", source.sha256);
  fields.field("bytes", source.bytes, at_least(0));
}

void describe(Fields& fields, TaskMaking& made) {
  fields.field("items", made.items, between(1, 1e6));
  fields.field("context_words", made.context_words, between(kLeastContextWords, 1e4));
  fields.field("choice_words", made.choice_words, between(4, 1e4));
  fields.field("seed", made.seed, between(0, 4294967295.0));
}

void describe(Fields& fields, TaskSize& size) {
  fields.field("items", size.items, at_least(0));
  fields.field("context_bytes", size.context_bytes, at_least(0));
  fields.field("choice_bytes", size.choice_bytes, at_least(0));
}

void describe(Fields& fields, TaskField& field) {
  fields.field("name", field.name, required());
  fields.field("text", field.text);
  fields.field("each", field.each);
  fields.field("cut", field.cut);
  fields.field("clean", field.clean, one_of({"", "wikihow"}));
  fields.field("type", field.type, one_of({"text", "integer"}));
}

void describe(Fields& fields, TaskShot& shot) {
  fields.field("context", shot.context, required());
  fields.field("answer", shot.answer, required());
}

void describe(Fields& fields, TaskShots& shots) {
  fields.field("count", shots.count, between(0, 1000));
  fields.field("members", shots.members);
  fields.field("same", shots.same);
  fields.field("draw", shots.draw, one_of({"first", "sample"}));
  fields.field("seed", shots.seed, between(0, 4294967295.0));
  fields.list("examples", shots.examples);
}

void describe(Fields& fields, TaskGroup& group) {
  fields.field("name", group.name, required());
  fields.field("parts", group.parts, required());
}

void describe(Fields& fields, Task& task) {
  fields.field("name", task.name, required());
  fields.field("title", task.title);
  fields.field("licence", task.licence);
  fields.field("split", task.split);
  fields.table("source", task.source, required());
  fields.table("made", task.made);
  fields.table("size", task.size);
  fields.field("members", task.members);
  fields.field("columns", task.columns);
  fields.field("keep_equal", task.keep_equal, between(-1e15, 1e15));
  fields.field("keep_below", task.keep_below, between(-1e15, 1e15));
  fields.list("fields", task.fields);
  fields.field("part", task.part);
  fields.field("description", task.description);
  fields.field("context", task.context, required());
  fields.field("choices", task.choices);
  fields.field("choices_from", task.choices_from);
  fields.field("gold", task.gold, required());
  fields.field("gold_in", task.gold_in);
  fields.field("delimiter", task.delimiter);
  fields.table("shots", task.shots);
  fields.list("groups", task.groups);
  fields.field("metrics", task.metrics, one_of({"acc", "acc_norm", "acc_bytes"}));
}

Task Task::content() const {
  Task task = *this;
  task.title.clear();
  task.licence.clear();
  task.size = {};
  return task;
}

int64_t Task::limit_of_part(int64_t items) const {
  if (items == 0) return 0;
  int64_t parts = is_made() ? kMadeParts : 0;
  for (const TaskGroup& group : groups) parts += static_cast<int64_t>(group.parts.size());
  return std::max<int64_t>(1, (items + parts / 2) / std::max<int64_t>(1, parts));
}

Task load_task(const std::filesystem::path& path, const std::string& shown_as) {
  Problems problems;
  const Node root = read_toml(path, shown_as);
  Task task = from_node<Task>(root, problems);
  check_task(task, root, problems);
  problems.throw_if_any();
  return task;
}

Task find_task(const std::filesystem::path& root, const std::string& name) {
  const LibraryFile file = find_file(root, kTaskFolder, name, "task");
  return load_task(file.path, file.shown_as);
}

std::vector<std::string> task_names(const std::filesystem::path& root) {
  return library_names(root, kTaskFolder);
}

}  // namespace repro::config
