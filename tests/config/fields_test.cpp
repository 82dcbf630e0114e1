#include "config/fields.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/job_spec.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

Node toml(const std::string& text) {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "x.toml", text);
  return read_toml(folder.path() / "x.toml", "x.toml");
}

std::string problems_of(const std::string& text) {
  Problems problems;
  from_node<OptimizerSpec>(toml(text), problems);
  try {
    problems.throw_if_any();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a struct written as JSON and read back is the same, bit for bit", "[config]") {
  TrainSpec spec;
  spec.optimizer.lr = 0.1 + 0.2;
  spec.model.experts = 7;
  spec.part = 3;
  const nlohmann::json first = to_json(spec);
  const TrainSpec back = from_json<TrainSpec>(nlohmann::json::parse(first.dump()), "job.json");
  CHECK(to_json(back) == first);
  CHECK(back.optimizer.lr == spec.optimizer.lr);
  CHECK(back.model == spec.model);
}

TEST_CASE("JSON holds what differs from the defaults, down to the items of lists", "[config]") {
  TrainSpec spec;
  spec.steps = 40;
  spec.optimizer.lr = 1e-3;
  CHECK(to_json(TrainSpec()) == nlohmann::json::object());
  CHECK(to_json(spec) == nlohmann::json({{"steps", 40}, {"optimizer", {{"lr", 1e-3}}}}));
  EvalSpec eval;
  eval.measures = {{.name = "unseen", .windows = 16}, {.name = "ppl", .split = "test"}};
  CHECK(to_json(eval) == nlohmann::json::parse(R"({"measures": [{"name": "unseen", "windows": 16},
                                                   {"name": "ppl", "split": "test"}]})"));
  const EvalSpec back = from_json<EvalSpec>(to_json(eval), "job.json");
  REQUIRE(back.measures.size() == 2);
  CHECK(back.measures[0].split == "valid");
  CHECK(back.measures[1].split == "test");
}

TEST_CASE("an absent field reads as its default, whatever is set beside it", "[config]") {
  const auto spec =
      from_json<TrainSpec>({{"steps", 3}, {"optimizer", {{"beta2", 0.95}}}}, "job.json");
  CHECK(spec.steps == 3);
  CHECK(spec.optimizer.beta2 == 0.95);
  CHECK(spec.optimizer.lr == OptimizerSpec().lr);
  CHECK(spec.model == ModelConfig());
}

TEST_CASE("a field that is unknown or of another type is refused, naming the file", "[config]") {
  CHECK_THROWS_WITH(from_json<TrainSpec>({{"steps", "many"}}, "job.json"),
                    Catch::Contains("job.json: field 'steps'"));
  for (const nlohmann::json& unknown :
       {nlohmann::json({{"loss_window", 5}}), nlohmann::json({{"optimizer", {{"rate", 1}}}})})
    CHECK_THROWS_WITH(from_json<TrainSpec>(unknown, "job.json"),
                      Catch::Contains("job.json: holds a field that this version does not know"));
}

struct Switch {
  bool on = false;
  OptimizerSpec optimizer;
};
void describe(Fields& fields, Switch& value) {
  fields.field("on", value.on);
  fields.table("optimizer", value.optimizer);
}

TEST_CASE("a number is no switch and no table, in TOML or in JSON", "[config]") {
  Problems problems;
  from_node<Switch>(toml("on = 1\noptimizer = 2\n"), problems);
  CHECK_THROWS_WITH(problems.throw_if_any(),
                    Catch::Contains("x.toml:1: on") && Catch::Contains("true or false") &&
                        Catch::Contains("x.toml:2: optimizer") && Catch::Contains("a table"));
  CHECK(from_json<Switch>({{"on", true}}, "job.json").on);
  CHECK_THROWS_WITH(from_json<Switch>({{"on", 1}}, "job.json"), Catch::Contains("field 'on'"));
}

// As a struct is before and after it gained fields.
struct Older {
  int64_t width = 64;
};
struct Newer : Older {
  double dropout = 0;
  std::vector<std::string> tags;
  std::optional<double> cap;
  WatchSpec watch;
};
void describe(Fields& fields, Older& value) { fields.field("width", value.width, at_least(1)); }
void describe(Fields& fields, Newer& value) {
  describe(fields, static_cast<Older&>(value));
  fields.field("dropout", value.dropout, between(0, 1));
  fields.field("tags", value.tags);
  fields.field("cap", value.cap, positive());
  fields.table("watch", value.watch);
}

TEST_CASE("a new field that has its default changes no JSON, so no key", "[config]") {
  Older older;
  Newer newer;
  CHECK(to_json(newer) == to_json(older));
  older.width = newer.width = 128;
  CHECK(to_json(newer).dump() == to_json(older).dump());
  CHECK(from_json<Newer>(to_json(older), "job.json").dropout == 0);
  newer.watch.every = 5;
  CHECK(to_json(newer).dump() != to_json(older).dump());
}

TEST_CASE("TOML integers are accepted as numbers, fractions are not accepted as integers",
          "[config]") {
  Problems problems;
  CHECK(from_node<OptimizerSpec>(toml("lr = 1"), problems).lr == 1.0);
  CHECK_FALSE(problems.any());
  from_node<WatchSpec>(toml("windows = 1.5"), problems);
  CHECK(problems.any());
}

TEST_CASE("every problem of a file is named at its line", "[config]") {
  CHECK(problems_of("lr = 0\nschedule = \"cos\"\n\nclipping = 1\nbeta1 = nan\n") ==
        "x.toml:1: lr = 0: must be more than 0\n"
        "x.toml:2: schedule = \"cos\": expected one of constant, cosine, wsd (did you mean "
        "'cosine'?)\n"
        "x.toml:5: beta1 = nan: not a finite number\n"
        "x.toml:4: unknown key 'clipping' (did you mean 'clip'?)");
}

TEST_CASE("two rules together ask for what both ask for, in either order", "[config]") {
  for (const Rule& rule : {required() + one_of({"a"}), one_of({"a"}) + required()}) {
    CHECK(rule.required);
    CHECK(rule.allowed == std::vector<std::string>{"a"});
  }
  CHECK((positive() + required()).required);
  CHECK_FALSE(positive().required);
}

TEST_CASE("a range holds its ends, but for zero where something must be positive", "[config]") {
  const Range percent = between(0, 100);
  CHECK(percent.problem(0).empty());
  CHECK(percent.problem(100).empty());
  CHECK(percent.problem(-1e-9) == "must be at least 0");
  CHECK(percent.problem(100.5) == "must be at most 100");
  CHECK(percent.problem(std::nan("")) == "not a finite number");
  CHECK(percent.problem(-INFINITY) == "not a finite number");
  CHECK(positive().problem(0) == "must be more than 0");
  CHECK(positive().problem(1e-300).empty());
  CHECK_FALSE(at_least(1).problem(1e16).empty());
}

// One of each kind of field.
struct Ruled {
  int64_t count = 1;
  double share = 0.5;
  std::string choice = "a";
  std::vector<int64_t> counts = {};
  std::vector<double> shares = {};
  std::vector<std::string> choices = {};
  std::map<std::string, int64_t> named_counts = {};
  std::map<std::string, double> named_shares = {};
  std::map<std::string, std::string> named_choices = {};
  std::optional<int64_t> maybe_count = {};
  std::optional<double> maybe_share = {};
  std::string name = "x";
};
void describe(Fields& fields, Ruled& value) {
  fields.field("count", value.count, between(1, 9));
  fields.field("share", value.share, between(0, 1));
  fields.field("choice", value.choice, one_of({"a", "b"}));
  fields.field("counts", value.counts, between(1, 9));
  fields.field("shares", value.shares, between(0, 1));
  fields.field("choices", value.choices, one_of({"a", "b"}));
  fields.field("named_counts", value.named_counts, between(1, 9));
  fields.field("named_shares", value.named_shares, between(0, 1));
  fields.field("named_choices", value.named_choices, one_of({"a", "b"}));
  fields.field("maybe_count", value.maybe_count, between(1, 9));
  fields.field("maybe_share", value.maybe_share, between(0, 1));
  fields.field("name", value.name, word());
}

TEST_CASE("every kind of field is held to its rule, in TOML at its line and in JSON by its name",
          "[config]") {
  const std::vector<std::pair<std::string, std::string>> outside = {
      {"count", "0"},       {"count", "10"},         {"share", "-0.1"},      {"share", "1.5"},
      {"choice", "\"c\""},  {"counts", "[2, 10]"},   {"shares", "[0.5, 7]"}, {"choices", "[\"c\"]"},
      {"maybe_count", "0"}, {"maybe_share", "1.01"}, {"name", "\"../x\""},   {"name", "\"a.b\""},
      {"name", "\"\""},     {"name", "\"-o\""}};
  for (const auto& [key, value] : outside) {
    CAPTURE(key, value);
    Problems problems;
    const Ruled read = from_node<Ruled>(toml("\n" + key + " = " + value), problems);
    CHECK_THROWS_WITH(problems.throw_if_any(), Catch::StartsWith("x.toml:2: " + key + " = "));
    CHECK(to_full_json(read)[key].dump() != value);
    CHECK_THROWS_WITH(
        from_json<Ruled>(nlohmann::json::parse("{\"" + key + "\": " + value + "}"), "job.json"),
        Catch::StartsWith("job.json: field '" + key + "' = "));
  }
  for (const char* table :
       {"named_counts = { \"a.b\" = 0 }", "named_counts = { x = 10 }",
        "named_shares = { \"a.b\" = 2 }", "named_choices = { \"a.b\" = \"c\" }"}) {
    CAPTURE(table);
    Problems problems;
    from_node<Ruled>(toml(table), problems);
    CHECK(problems.any());
  }
  for (const char* object : {R"({"named_counts": {"a.b": 0}})", R"({"named_shares": {"x": 2}})",
                             R"({"named_choices": {"x": "c"}})"})
    CHECK_THROWS_AS(from_json<Ruled>(nlohmann::json::parse(object), "job.json"), Error);
}

TEST_CASE("a value of another type is refused in arrays and tables too", "[config]") {
  for (const char* text : {"counts = [1, \"2\"]", "counts = [1, 2.5]", "shares = [true]",
                           "choices = [\"a\", 1]", "counts = 1", "named_counts = { x = \"1\" }",
                           "named_shares = 1", "maybe_share = \"1\"", "count = true"}) {
    CAPTURE(text);
    Problems problems;
    from_node<Ruled>(toml(text), problems);
    CHECK_THROWS_WITH(problems.throw_if_any(), Catch::Contains("expected"));
  }
  for (const char* text :
       {R"({"count": true})", R"({"count": 2.5})", R"({"share": true})", R"({"counts": [1, 2.5]})",
        R"({"counts": {"a": 1}})", R"({"named_counts": [1]})", R"({"maybe_count": "1"})"})
    CHECK_THROWS_WITH(from_json<Ruled>(nlohmann::json::parse(text), "job.json"),
                      Catch::Contains("is of the wrong type"));
}

TEST_CASE("a key or a path of very many parts is refused, text with many dots is not", "[config]") {
  std::string deep = "a";
  for (int i = 0; i < 100'000; ++i) deep += ".a";
  CHECK_THROWS_WITH(toml("x = 1\n" + deep + " = 1"), Catch::StartsWith("x.toml:2: a key of more"));
  CHECK_THROWS_WITH(toml("x = {" + deep + " = 1}"), Catch::Contains("a key of more than"));
  CHECK_THROWS_WITH(toml("[" + deep + "]"), Catch::Contains("a key of more than"));
  CHECK_THROWS_WITH(parse_setting(deep + "=1"), Catch::Contains("a path of more than"));
  std::string most = "a";  // of as many parts as there may be
  for (int i = 1; i < 32; ++i) most += ".a";
  CHECK(parse_setting(most + "=1").first == most);
  CHECK_THROWS_WITH(parse_setting(most + ".a=1"), Catch::Contains("a path of more than 32"));
  CHECK_THROWS_WITH(toml("# a remark\n" + most + ".a = 1"),
                    Catch::StartsWith("x.toml:2: a key of more than 32 parts"));
  const std::string dots(200, '.');
  CHECK_NOTHROW(toml("a = \"" + dots + "\" # " + dots + "\nb = '''" + dots + "\n'''\n"));
  CHECK_THROWS_AS(toml("x = " + std::string(100'000, '[')), Error);
}

TEST_CASE("a member's key may hold dots, a path's part may not", "[config]") {
  const Node root = toml("list = [{ name = \"c.d\" }]\n[t]\n\"a.b\" = 1\n");
  CHECK(root.find("t.a.b") == nullptr);
  REQUIRE(root.find("t")->member("a.b") != nullptr);
  CHECK(root.find("list")->member("c.d") != nullptr);
  CHECK(root.find("list")->member("c") == nullptr);
  CHECK(root.find("t")->member("a.b")->member("x") == nullptr);
}

TEST_CASE("a duplicate key and an unfinished file are syntax errors with their line", "[config]") {
  CHECK_THROWS_WITH(toml("lr = 1\nlr = 2\n"), Catch::StartsWith("x.toml:2:"));
  CHECK_THROWS_WITH(toml("[table\n"), Catch::StartsWith("x.toml:1:"));
}

TEST_CASE("a bare word on the command line is a string, anything else is TOML", "[config]") {
  CHECK(*parse_setting("a.b=word").second.string() == "word");
  CHECK(std::get<int64_t>(parse_setting("a=3").second.value) == 3);
  CHECK(parse_setting("a=[1, 2]").second.array()->size() == 2);
  CHECK(parse_setting(" a = true ").first == "a");
  CHECK_THROWS_AS(parse_setting("a"), Error);
}

}  // namespace repro::config
