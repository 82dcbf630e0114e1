#pragma once
// A downstream task of multiple choice, as eval/NAME.toml defines it: which files hold its items,
// and by which templates an item becomes a context, its choices and the right one. A new task is
// such a file and no code.
//
// A template is text with {path} for a value of the item ("choices.text.0"), and {path|filter} with
// the filters of data/tasks/template_text.hpp.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "config/fields.hpp"
#include "config/task_making.hpp"

namespace repro::config {

// Where the files are: a wheel (name, version), an address, or files of one's own. They are found
// and fetched as a corpus' are; what a corpus says of its text is not asked. Or kind "corpus":
// items are made of the test split of whatever corpus a model was trained on (data/tasks/
// corpus_rows.hpp); `name` says which: "next_passage", "other_word".
struct TaskSource : CorpusSource {};

// A value that is added to each item, after those it has: later templates may use it.
struct TaskField {
  std::string name;
  std::string text;              // template
  std::string each;              // path of a list: the template's {} is each of its elements
  std::vector<std::string> cut;  // what the text must begin with and end with; both are removed
  std::string clean;             // "wikihow": HellaSwag's own clean-up; "" = none
  std::string type = "text";     // "integer"
};

// One worked example that stands before every item.
struct TaskShot {
  std::string context;
  std::string answer;  // without the blank before it
};

struct TaskShots {
  int64_t count = 0;
  // From these members of the source, or the examples below.
  std::vector<std::string> members;
  std::string same;  // path: an item's shots are those with its own value there; "" = all
  // "first": the first of them. "sample": as lm-evaluation-harness draws them, Python's
  // random.Random(seed).sample(rows, count), one generator for all items in their order.
  std::string draw = "first";
  int64_t seed = 1234;
  std::vector<TaskShot> examples;
};

// Parts (subjects) that are reported together.
struct TaskGroup {
  std::string name;
  std::vector<std::string> parts;
};

struct Task {
  std::string name;
  std::string title;
  std::string licence;
  std::string split;  // of the data set, for reports: "validation"
  TaskSource source;
  TaskMaking made;  // of source.kind "corpus"
  TaskSize size;
  std::vector<std::string> members;  // globs of the source's files that hold the items; in the
                                     // order of their names
  std::vector<std::string> columns;  // of CSV files whose first line does not name them
  std::map<std::string, int64_t> keep_equal;  // path -> value of the items that count
  std::map<std::string, int64_t> keep_below;  // path -> a bound they lie below
  std::vector<TaskField> fields;
  std::string part;                  // template: the subject of an item; "" = the task has none
  std::string description;           // template, before the shots
  std::string context;               // template
  std::vector<std::string> choices;  // templates; or
  std::string choices_from;          // path of a list of texts
  std::string gold;                  // template: the index of the right choice; or, with
  std::string gold_in;               // a path of a list: the value to look up there
  std::string delimiter = " ";       // between context and choice
  TaskShots shots;
  std::vector<TaskGroup> groups;
  std::vector<std::string> metrics = {"acc", "acc_norm", "acc_bytes"};

  bool is_made() const { return source.kind == "corpus"; }
  // What its items depend on: titles, licences and sizes may change freely.
  Task content() const;
  // Items of each part that make `items` of all as nearly as it goes, at least one; a task that
  // lists no parts has one. 0 = all.
  int64_t limit_of_part(int64_t items) const;
};

void describe(Fields&, TaskSource&);
void describe(Fields&, TaskField&);
void describe(Fields&, TaskShot&);
void describe(Fields&, TaskShots&);
void describe(Fields&, TaskGroup&);
void describe(Fields&, Task&);

// eval/NAME.toml; Error with every problem at once.
Task load_task(const std::filesystem::path& path, const std::string& shown_as);
// eval/NAME.toml under `root` or in the user's library, or a path ending in .toml.
Task find_task(const std::filesystem::path& root, const std::string& name);
std::vector<std::string> task_names(const std::filesystem::path& root);

}  // namespace repro::config
