#include "data/tasks/task_items.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "data/formats/rows.hpp"
#include "data/quietly.hpp"
#include "data/tasks/harness_hash.hpp"
#include "data/tasks/python_random.hpp"
#include "data/tasks/template_text.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using nlohmann::ordered_json;

namespace {

const fs::path kTables = fs::path(REPRO_TESTS) / "data" / "tables";

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::vector<ordered_json> rows_of(const fs::path& path,
                                  const std::vector<std::string>& columns = {}) {
  std::vector<ordered_json> rows;
  data::for_each_row(path, columns, [&](ordered_json&& row) { rows.push_back(std::move(row)); });
  return rows;
}

fs::path written(const TemporaryDirectory& folder, const std::string& name,
                 const std::string& bytes) {
  write_file_atomically(folder.path() / name, bytes);
  return folder.path() / name;
}

// {question} with two choices, the right one by its number.
config::Task pair_task() {
  config::Task task;
  task.name = "pair";
  task.context = "Q: {question}\nA:";
  task.choices = {"{a}", "{b}"};
  task.gold = "{right}";
  return task;
}

std::vector<data::TaskRow> pair_rows(const std::vector<std::string>& questions) {
  std::vector<data::TaskRow> rows;
  for (const std::string& question : questions)
    rows.push_back({{{"question", question}, {"a", "yes"}, {"b", "no"}, {"right", 1}},
                    "rows.jsonl, row " + std::to_string(rows.size() + 1)});
  return rows;
}

}  // namespace

TEST_CASE("a template fills in values by path and passes them through its filters", "[data]") {
  const ordered_json item = {{"subject", "abstract_algebra"},
                             {"question", " \u00a0What?\n"},
                             {"end", "he Leaves. ÄRGER"},
                             {"choices", {{"text", {"eins", "zwei"}}}},
                             {"label", 3}};
  const auto fill = [&](const char* text) { return data::Template(text).fill(item); };
  CHECK(fill("about {subject|spaces}: {label}") == "about abstract algebra: 3");
  CHECK(fill("[{question|strip}]") == "[What?]");
  CHECK(fill("{end|capitalize}") == "He leaves. ärger");
  CHECK(fill("{choices.text.1} {{braces}}") == "zwei {braces}");
}

TEST_CASE("a template that cannot be filled is refused by what is wrong", "[data]") {
  const ordered_json item = {{"list", {1, 2}}, {"share", 0.5}};
  const auto fill = [&](const char* text) {
    return refusal([&] { data::Template(text).fill(item); });
  };
  CHECK(fill("{missing}") == "no value 'missing'");
  CHECK(fill("{list.2}") == "no value 'list.2'");
  CHECK(fill("{share}") == "'share' is number, expected a text or a whole number");
  CHECK_THAT(fill("{list"), Catch::Contains("brace without its pair"));
  CHECK_THAT(fill("{list|stripp}"), Catch::Contains("did you mean 'strip'"));
}

TEST_CASE("HellaSwag's texts are cleaned as the harness cleans them", "[data]") {
  CHECK(data::clean_wikihow(" How to bake [title] Mix. [step] Stir  it [substeps] well ") ==
        "How to bake. Mix. Stir it well");
  // A bracket that is not closed on its line stays.
  CHECK(data::clean_wikihow("a [b\nc] d") == "a [b\nc] d");
}

// From CPython 3.11: random.Random(1234).sample(range(2251), 5), three times; Random(7) for both
// ways of drawing.
TEST_CASE("draws are CPython's", "[data]") {
  using Draw = std::vector<size_t>;
  data::PythonRandom random(1234);
  CHECK(random.sample(2251, 5) == Draw{1805, 478, 30, 371, 143});
  CHECK(random.sample(2251, 5) == Draw{343, 403, 1452, 969, 71});
  CHECK(random.sample(2251, 5) == Draw{126, 64, 1417, 1983, 1898});
  data::PythonRandom seven(7);
  CHECK(seven.sample(20, 5) == Draw{10, 4, 12, 1, 2});
  CHECK(seven.sample(100, 10) == Draw{68, 12, 46, 74, 7, 64, 27, 4, 11, 55});
  Draw wide = seven.sample(1000, 30);
  wide.resize(6);
  CHECK(wide == Draw{428, 71, 246, 92, 564, 434});
  CHECK(data::PythonRandom(0).sample(3, 3) == Draw{1, 2, 0});
}

TEST_CASE("rows are the same from Arrow, Parquet and JSON lines", "[data]") {
  const TemporaryDirectory folder;
  const auto arrow = rows_of(kTables / "nested.arrow");
  REQUIRE(arrow.size() == 2);
  CHECK(arrow[0].dump() ==
        R"({"question":"Is \"a\" first?","answer":1,"choices":{"text":["yes","no"],)"
        R"("label":["A","B"]},"share":0.25,"held":true})");
  CHECK(arrow[1]["choices"]["text"][2] == "weiß nicht");
  CHECK(arrow[1]["share"].is_null());
  CHECK(rows_of(kTables / "nested.parquet") == arrow);
  CHECK(rows_of(written(folder, "rows.jsonl", arrow[0].dump() + "\n\n" + arrow[1].dump() + "\n")) ==
        arrow);
}

TEST_CASE("a column whose offsets point out of its bytes is damaged, not read", "[data]") {
  const TemporaryDirectory folder;
  const std::string whole = read_file(kTables / "nested.arrow");
  // The offsets 0, 13, 32 of two texts stand before them, padded to 16 bytes.
  const size_t end_of_first = whole.find("Is \"a\" first?") - 12;
  REQUIRE(whole[end_of_first] == 13);
  for (const size_t byte : {end_of_first + 1, end_of_first + 2, end_of_first + 3}) {
    std::string changed = whole;
    changed[byte] = 0x20;
    CHECK_THROWS_WITH(rows_of(written(folder, "rows.arrow", changed)),
                      Catch::Contains("rows.arrow: damaged or unreadable"));
  }
}

TEST_CASE("a CSV's quoted values keep commas, quotes and newlines; a short line is refused",
          "[data]") {
  const TemporaryDirectory folder;
  const auto rows = rows_of(
      written(folder, "a.csv", "\xef\xbb\xbfq,a\r\n\"one, \"\"two\"\"\nthree\",4\r\nfive,6"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == ordered_json{{"q", "one, \"two\"\nthree"}, {"a", "4"}});
  CHECK(rows[1] == ordered_json{{"q", "five"}, {"a", "6"}});
  const fs::path damaged = written(folder, "b.csv", "q,a\n1,2\n3\n");
  CHECK(refusal([&] { rows_of(damaged); }) ==
        damaged.string() + ":3: 1 values, the first line names 2 columns");
  const fs::path open = written(folder, "c.csv", "q,a\n1,\"2\n3\n");
  CHECK(refusal([&] { rows_of(open); }) == open.string() + ":2: a quote that is not closed");
}

TEST_CASE("a CSV without names takes them from the task; a name that stands twice is refused",
          "[data]") {
  const TemporaryDirectory folder;
  const fs::path bare = written(folder, "a.csv", "one,4\n");
  CHECK(rows_of(bare, {"q", "a"}) == std::vector<ordered_json>{{{"q", "one"}, {"a", "4"}}});
  CHECK(refusal([&] { rows_of(bare, {"q"}); }) ==
        bare.string() + ":1: 2 values, `columns` names 1 columns");
  const fs::path twice = written(folder, "b.csv", "q,q\n1,2\n");
  CHECK_THAT(refusal([&] { rows_of(twice); }), Catch::Contains("two columns are called 'q'"));
}

TEST_CASE("a line that is no object, or nests without end, is refused by its number", "[data]") {
  const TemporaryDirectory folder;
  const fs::path list = written(folder, "a.jsonl", "{\"a\": 1}\n[2]\n");
  CHECK(refusal([&] { rows_of(list); }) == list.string() + ":2: no JSON object");
  const fs::path deep = written(
      folder, "b.jsonl", "{\"a\": " + std::string(100000, '[') + std::string(100000, ']') + "}\n");
  CHECK(refusal([&] { rows_of(deep); }) == deep.string() + ":1: nested deeper than 200");
}

TEST_CASE("worked examples stand before each item, those of its own subject only", "[data]") {
  config::Task task = pair_task();
  task.part = "{subject}";
  task.description = "About {subject}.\n\n";
  task.shots.count = 1;
  task.shots.same = "subject";
  auto rows = pair_rows({"x?", "y?"});
  auto shots = pair_rows({"law shot", "art shot", "art shot 2"});
  rows[0].row["subject"] = "art";
  rows[1].row["subject"] = "law";
  shots[0].row["subject"] = "law";
  shots[1].row["subject"] = shots[2].row["subject"] = "art";
  const auto items = data::make_items(task, rows, shots);
  CHECK(items[0].context == "About art.\n\nQ: art shot\nA: no\n\nQ: x?\nA:");
  CHECK(items[1].context == "About law.\n\nQ: law shot\nA: no\n\nQ: y?\nA:");
  CHECK(items[1].part == "law");
  CHECK(items[0].continuation(0, task.delimiter) == " yes");
  task.shots.count = 2;
  CHECK(refusal([&] { data::make_items(task, rows, shots); }) ==
        "task 'pair': 1 examples for 'law', shots.count = 2; lower the count or import more");
}

TEST_CASE("drawn examples go on through the items with one generator", "[data]") {
  config::Task task = pair_task();
  task.shots.count = 2;
  task.shots.draw = "sample";
  std::vector<std::string> questions;
  for (int i = 0; i < 30; ++i) questions.push_back("s" + std::to_string(i));
  const auto items = data::make_items(task, pair_rows({"x?", "y?"}), pair_rows(questions));
  data::PythonRandom random(1234);
  for (const data::TaskItem& item : items) {
    const auto drawn = random.sample(30, 2);
    CHECK(item.context.starts_with("Q: s" + std::to_string(drawn[0]) + "\nA: no\n\nQ: s" +
                                   std::to_string(drawn[1]) + "\nA: no\n\nQ: "));
  }
  CHECK(items[0].context != items[1].context);
}

TEST_CASE("an item without a right choice, or with an empty one, is refused by its row", "[data]") {
  const auto refused = [](const char* key, const ordered_json& value) {
    auto rows = pair_rows({"x?", "y?"});
    rows[1].row[key] = value;
    return refusal([&] { data::make_items(pair_task(), rows, {}); });
  };
  CHECK(refused("right", 2) ==
        "task 'pair': rows.jsonl, row 2: the right choice is '2', expected 0 to 1");
  CHECK(refused("right", "") ==
        "task 'pair': rows.jsonl, row 2: the right choice is '', expected 0 to 1");
  CHECK(refused("right", nullptr) ==
        "task 'pair': rows.jsonl, row 2: 'right' is null, expected a text or a whole number");
  CHECK(refused("b", "") == "task 'pair': rows.jsonl, row 2: a choice without a character");
}

TEST_CASE("the right choice may be looked up among labels", "[data]") {
  config::Task task = pair_task();
  task.choices.clear();
  task.choices_from = "choices.text";
  task.gold = "{key}";
  task.gold_in = "choices.label";
  data::TaskRow row{{{"question", "?"},
                     {"key", "2"},
                     {"choices", {{"text", {"a", "b", "c"}}, {"label", {"1", "2", "3"}}}}},
                    "row 1"};
  CHECK(data::make_items(task, {row}, {}).front().gold == 1);
  row.row["key"] = "4";
  CHECK_THAT(refusal([&] { data::make_items(task, {row}, {}); }),
             Catch::Contains("'4' stands not in 'choices.label'"));
}

TEST_CASE("a new task is a definition and a file, and no code", "[data]") {
  const TemporaryDirectory folder;
  written(folder, "colours.csv",
          "thing,right,wrong,use\nThe sky,blue,green,1\nSnow,white,black,0\nGrass,green,pink,1\n");
  const fs::path definition = written(folder, "colours.toml",
                                      "name = \"colours\"\ncontext = \"{thing} is\"\n"
                                      "choices = [\"{right}\", \"{wrong}\"]\ngold = \"0\"\n"
                                      "[source]\nkind = \"file\"\nname = \"" +
                                          (folder.path() / "colours.csv").string() + "\"\n");
  const auto task = config::load_task(definition, "colours.toml");
  const auto read = data::read_task(task, folder.path() / "cache", quietly);
  REQUIRE(read.items.size() == 3);
  CHECK(read.items[2].context == "Grass is");
  CHECK(read.items[2].choices == std::vector<std::string>{"green", "pink"});
  CHECK(read.fingerprint.size() == 64);
}

// By hand: hashlib.sha256(json.dumps(doc, indent=2, ensure_ascii=False).encode()) and so on.
TEST_CASE("hashes are those that the harness would write", "[data]") {
  data::TaskItem item;
  item.row = {{"q", "Zweite ‘Zeile’?\n"}, {"choices", {"a", "b"}}, {"answer", 1}};
  item.context = "Zweite";
  item.gold = 1;
  const auto hash = data::harness_hash(item);
  CHECK(hash.doc == "2d628d784948a4c2870de094443c7d3d1f535121dd349e912fff4feba686c5e3");
  CHECK(hash.prompt == "d7f9d50dfc747fa2430c8ff7d835e904fbbe2cf7f6d57e41bc365ccdf124873b");
  CHECK(hash.target == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
  CHECK(data::harness_task_hashes({item, item}).at("") ==
        "48a8d54f2333d9037a6999ca979be2793a84f3279b2e0a35228cf0940359e8ab");
}
