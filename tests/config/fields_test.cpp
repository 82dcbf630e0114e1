#include "config/fields.hpp"

#include <catch2/catch.hpp>
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
void describe(Fields& fields, Older& value) { fields.field("width", value.width); }
void describe(Fields& fields, Newer& value) {
  describe(fields, static_cast<Older&>(value));
  fields.field("dropout", value.dropout);
  fields.field("tags", value.tags);
  fields.field("cap", value.cap);
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
  for (const Rule& rule : {positive() + between(-1, 1), between(-1, 1) + positive()}) {
    CHECK(rule.minimum == 0);
    CHECK(rule.exclusive_minimum);
    CHECK(rule.maximum == 1);
  }
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
