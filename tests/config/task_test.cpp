#include "config/task.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

std::string refusal_of(const std::string& definition) {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "task.toml", definition);
  try {
    load_task(folder.path() / "task.toml", "task.toml");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kBody =
    "name = \"t\"\ncontext = \"{c}\"\nchoices_from = \"cs\"\ngold = \"{g}\"\n";

}  // namespace

TEST_CASE("every task of the project loads by its own name", "[config]") {
  const fs::path root = REPRO_SOURCE_ROOT;
  const auto names = task_names(root);
  CHECK(names.size() >= 6);
  for (const std::string& name : names) CHECK(find_task(root, name).name == name);
}

TEST_CASE("a task made of a corpus names one of the ways, and no file", "[config]") {
  CHECK(refusal_of(kBody + "[source]\nkind = \"corpus\"\nname = \"next_passage\"\n") == "accepted");
  CHECK(refusal_of(kBody +
                   "members = [\"a\"]\n[source]\nkind = \"corpus\"\nname = \"next_pasage\"\n"
                   "version = \"1\"\n") ==
        "task.toml:8: name = \"next_pasage\": expected one of next_passage, other_word (did you "
        "mean 'next_passage'?)\n"
        "task.toml:5: members: items of a corpus have none; leave it out\n"
        "task.toml:9: source.version: items of a corpus have none; leave it out");
  CHECK(refusal_of(kBody + "[source]\nkind = \"file\"\nname = \"a.csv\"\n[made]\nitems = 5\n") ==
        "task.toml:8: made: only a source of kind \"corpus\" makes its items");
  CHECK_THAT(refusal_of(kBody + "[source]\nkind = \"corpus\"\nname = \"other_word\"\n"
                                "[made]\ncontext_words = 3\n"),
             Catch::Contains("task.toml:9: ") && Catch::Contains("context_words"));
}

TEST_CASE("what a task's fields cannot mean together is refused at its line", "[config]") {
  const std::string file = "[source]\nkind = \"file\"\nname = \"a.csv\"\n";
  CHECK(refusal_of("name = \"t\"\ncontext = \"{c}\"\ngold = \"{g}\"\n" + file) ==
        "task.toml:1: give choices (a template each) or choices_from (a list), not neither");
  CHECK(refusal_of(kBody + "choices = [\"a\", \"b\"]\n" + file) ==
        "task.toml:5: give choices (a template each) or choices_from (a list), not both");
  const auto with_shots = [&](int count) {
    return refusal_of(kBody + file + "[shots]\ncount = " + std::to_string(count) +
                      "\n[[shots.examples]]\ncontext = \"x\"\nanswer = \"1\"\n"
                      "[[shots.examples]]\ncontext = \"y\"\nanswer = \"2\"\n");
  };
  CHECK(with_shots(2) == "accepted");
  CHECK(with_shots(3) ==
        "task.toml:8: shots: 2 examples, count = 3; add examples or lower the count");
  const auto with_cut = [&](const std::string& cut) {
    return refusal_of(kBody + file + "[[fields]]\nname = \"c\"\ntext = \"{c}\"\ncut = " + cut +
                      "\n");
  };
  CHECK(with_cut("[\"<\", \">\"]") == "accepted");
  CHECK_THAT(with_cut("[\"<\"]"), Catch::Contains("'c': cut = [what it begins with"));
}

TEST_CASE("titles, licences and sizes are no content: they change no job", "[config]") {
  const Task task = find_task(REPRO_SOURCE_ROOT, "piqa");
  Task other = task;
  other.title = "another";
  other.licence = "another";
  other.size.items = 7;
  CHECK(to_json(other.content()) == to_json(task.content()));
  other.context += "?";
  CHECK(to_json(other.content()) != to_json(task.content()));
}

TEST_CASE("a limit of items is shared out among the parts, at least one of each", "[config]") {
  const Task mmlu = find_task(REPRO_SOURCE_ROOT, "mmlu");
  CHECK(mmlu.limit_of_part(0) == 0);
  CHECK(mmlu.limit_of_part(10) == 1);
  CHECK(mmlu.limit_of_part(57 * 20) == 20);
  CHECK(find_task(REPRO_SOURCE_ROOT, "piqa").limit_of_part(100) == 100);
  CHECK(find_task(REPRO_SOURCE_ROOT, "next_passage").limit_of_part(320) == 10);
}

}  // namespace repro::config
