#include "check/golden.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "check/drift.hpp"
#include "check/made_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::checks {
namespace {

using Catch::Contains;
using nlohmann::json;

// The file with a change, and a checksum that fits it again if `sealed`.
void change(const fs::path& path, const std::string& pointer, const json& value, bool sealed) {
  json body = json::parse(read_file(path));
  body[json::json_pointer(pointer)] = value;
  if (sealed) {
    body.erase("checksum");
    body["checksum"] = sha256_hex(body.dump());
  }
  write_file_atomically(path, body.dump());
}

struct Written {
  Written() {
    Golden golden = made_golden();
    write_golden(path(), golden);
    checksum = golden.checksum;
  }
  fs::path path() const { return folder.path() / "goldens/made.json"; }
  TemporaryDirectory folder;
  std::string checksum;
};

}  // namespace

TEST_CASE("a golden comes back as it was written, to the last bit", "[check]") {
  const Written written;
  const Golden golden = made_golden(), back = read_golden(written.path());
  CHECK(back.checksum == written.checksum);
  CHECK(back.recipe.gate_seeds == 5);
  CHECK(back.gate_seeds() == std::vector<int64_t>{0, 1, 2, 3, 4});
  CHECK(back.reserve_seeds() == std::vector<int64_t>{5, 6, 7, 8, 9});
  const TrainingGolden& then = golden.trainings.at("qwen-full");
  const TrainingGolden& now = back.trainings.at("qwen-full");
  CHECK(now.basis == Basis::twins);
  CHECK(now.seeds.at(3).series.at("loss").values == then.seeds.at(3).series.at("loss").values);
  CHECK(now.tolerance.at("loss").values == then.tolerance.at("loss").values);
  CHECK(now.margin == then.margin);
  CHECK(now.target_loss == then.target_loss);
  CHECK(now.seeds.at(3).digest == then.seeds.at(3).digest);
  CHECK(back.policy.margins == golden.policy.margins);
}

TEST_CASE("a golden has a line a seed", "[check]") {
  const Written written;
  const std::string text = read_file(written.path());
  CHECK_THAT(text, Contains("\n   \"seeds\": {\n    \"0\": {\"digest\""));
}

TEST_CASE("a golden that was edited by hand is refused with the way out", "[check]") {
  const Written written;
  change(written.path(), "/trainings/qwen-full/seeds/0/numbers/final_loss", 9.0, false);
  CHECK_THROWS_WITH(read_golden(written.path()),
                    Contains("made.json: its checksum does not fit: it was edited by hand") &&
                        Contains("delete it and record a new one"));
}

TEST_CASE("a golden of another schema, of a wrong type or of no numbers is refused", "[check]") {
  struct Case {
    const char* pointer;
    json value;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"/schema", 99, "is of schema 99, this program reads 1"},
      {"/schema", nullptr, "is of schema null"},
      {"/name", "../a`b", "is no name of a golden"},
      {"/policy/alpha", 2.0, "alpha is not between 0 and 1"},
      {"/policy/sides", "all", "sides 'all' are not known"},
      {"/recipe", "text", "lacks 'experiment'"},
      {"/trainings", json::object(), "holds no training"},
      {"/trainings/qwen-full/seeds/0/series/loss/steps", {1, 2}, "has not as many steps as values"},
      {"/trainings/qwen-full/seeds/-1", json::object(), "'-1' is no seed"},
      {"/trainings/qwen-full/spread/final_loss", "a", "wrong type"},
      {"/trainings/qwen-full/seeds/0/series/loss/values/3", nullptr, "wrong type"}};
  for (const Case& one : cases) {
    const Written written;
    change(written.path(), one.pointer, one.value, true);
    INFO(one.pointer);
    CHECK_THROWS_WITH(read_golden(written.path()),
                      Contains("made.json: ") && Contains(one.message));
  }
}

TEST_CASE("what is no JSON, or no golden, is one line with its place", "[check]") {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "x.json";
  for (const char* text : {"", "{", "[]", "null", "{\"schema\": 1}"}) {
    write_file_atomically(path, text);
    INFO(text);
    CHECK_THROWS_WITH(read_golden(path), Contains("x.json: ") && !Contains("json.exception"));
  }
}

TEST_CASE("an unknown golden is told with those that there are", "[check]") {
  const Written written;
  CHECK(golden_names(written.folder.path()) == std::vector<std::string>{"made"});
  CHECK_THROWS_WITH(find_golden(written.folder.path(), "maed"),
                    Contains("no golden 'maed' (did you mean 'made'?)"));
  CHECK_THROWS_WITH(find_golden(written.folder.path(), "../made"),
                    Contains("a name is of letters"));
}

TEST_CASE("a long series is kept at some of its steps, the first and the last among them",
          "[check]") {
  const Golden golden = made_golden({}, {.steps = 1000});
  const Series& loss = golden.trainings.at("qwen-full").seeds.at(0).series.at("loss");
  CHECK(loss.steps.front() == 1);
  CHECK(loss.steps[1] == 5);
  CHECK(loss.steps.back() == 1000);
  CHECK(loss.steps.size() == 201);
}

TEST_CASE("too few seeds give no tolerance, more noise a wider one and a wider margin", "[check]") {
  const Observations few = made_runs({}, 0, 4);
  const Golden without = make_golden(few, nullptr, {}, {});
  CHECK(without.trainings.at("qwen-full").tolerance.empty());
  const Observations seeds = made_runs({}, 0, 10);
  const auto with_jitter = [&](double jitter) {
    const Observations twins = made_runs({.jitter = jitter, .draw = 7}, 0, 10);
    return make_golden(seeds, &twins, {.window = 5, .gate_seeds = 5}, {});
  };
  const Golden quiet = with_jitter(0.001), loud = with_jitter(0.02);
  const auto middle = [](const Golden& golden) {
    return golden.trainings.at("qwen-full").tolerance.at("loss").values[20];
  };
  CHECK(middle(loud) > 5 * middle(quiet));
  CHECK(quiet.trainings.at("qwen-full").margin.at("final_loss") == 0.01);
  CHECK(loud.trainings.at("qwen-full").margin.at("final_loss") > 0.02);
}

TEST_CASE("a step's tolerance is never below the stated floor", "[check]") {
  const Observations seeds = made_runs({}, 0, 10);
  const Golden golden = make_golden(seeds, &seeds, {.window = 5, .gate_seeds = 5}, {});
  const TrainingGolden& training = golden.trainings.at("qwen-full");
  double mean = 0;
  for (const auto& [seed, member] : training.seeds) mean += member.series.at("loss").values[9] / 10;
  CHECK(training.tolerance.at("loss").values[9] == Approx(0.001 * mean));
}

TEST_CASE("a renewal keeps what moved, how far, and in which environments", "[check]") {
  Golden then = made_golden(), now = made_golden({}, {.shift = 0.05});
  then.checksum = "abc";
  now.environment["torch"] = "2.16.0";
  const Renewal renewal = renewal_of(then, now, "a newer LibTorch");
  CHECK(renewal.previous == "abc");
  CHECK(renewal.cause == "a newer LibTorch");
  CHECK(renewal.environment == std::vector<std::string>{"torch: 2.15.0 then, 2.16.0 now"});
  REQUIRE_FALSE(renewal.drift.empty());
  CHECK_THAT(renewal.drift.front(), Contains("qwen-full, ") && Contains("+0.05"));
  CHECK(renewal_of(then, then, "none").drift == std::vector<std::string>{"nothing moved"});
}

TEST_CASE("a step as large as its type holds is kept", "[check]") {
  Ensemble ensemble;
  const std::vector<int64_t> steps = {1, std::numeric_limits<int64_t>::max()};
  ensemble[0].series["loss"] = {steps, {5, 4}};
  CHECK(as_kept(ensemble).at(0).series.at("loss").steps == steps);
}

TEST_CASE("a step that is no longer a number is the largest drift", "[check]") {
  const Golden then = made_golden();
  Golden now = then;
  now.trainings.at("qwen-full").seeds.at(2).series.at("loss").values[7] = std::nan("");
  const std::vector<Drift> drifts = drift_between(then, now);
  REQUIRE_FALSE(drifts.empty());
  CHECK(std::isinf(drifts.front().margins));
  CHECK(drifts.front().where == "seed 2, step 8");
}

}  // namespace repro::checks
