// How often the gate is wrong, counted: its own replays, and made-up changes of known size.
#include "check/replay.hpp"

#include <catch2/catch.hpp>

#include "check/compare.hpp"
#include "check/made_runs.hpp"

namespace repro::checks {
namespace {

constexpr double kNoise = 0.004;  // nats, of a run and of each step

struct Recorded {
  Observations seeds = made_runs({}, 0, 10);
  Observations twins = made_runs({.jitter = kNoise, .draw = 7}, 0, 10);
  Golden golden = make_golden(seeds, &twins, {.window = 5, .gate_seeds = 5}, {});
};

// What a gate says in the end of so many runs that chance and `change` moved.
struct Said {
  int64_t suspect = 0, red = 0;
};
Said ask(const Golden& golden, const Made& change, int64_t times) {
  Said said;
  for (int64_t i = 0; i < times; ++i) {
    Made made = change;
    made.jitter = kNoise;
    made.draw = 1000 + 10 * static_cast<uint64_t>(i);
    const auto first =
        compare(golden, measured(made, golden), {.seeds = golden.gate_seeds(), .exact = false});
    if (count(first, Verdict::suspect) == 0) continue;
    ++said.suspect;
    const auto second = compare(golden, measured(made, golden, 5, 5),
                                {.seeds = golden.reserve_seeds(), .exact = false});
    said.red += count(confirm(first, second), Verdict::regression) > 0;
  }
  return said;
}

}  // namespace

TEST_CASE("at most 5 % of 200 made-up runs that nothing changed are called a regression",
          "[check]") {
  const Recorded recorded;
  const Said said = ask(recorded.golden, {}, 200);
  CAPTURE(said.suspect, said.red);
  CHECK(said.red <= 10);
}

TEST_CASE("a change as large as the golden says is found in 4 of 5 cases is found so often",
          "[check]") {
  const Recorded recorded;
  const Reliability known = replay(recorded.seeds, &recorded.twins, recorded.golden);
  const double shift = known.found.at("qwen-full: final_loss");
  const Said said = ask(recorded.golden, {.shift = shift}, 100);
  CAPTURE(shift, said.suspect, said.red);
  CHECK(said.red >= 70);  // 80 less three standard errors of the count
}

TEST_CASE("replays of the golden's own noise are hardly ever red", "[check]") {
  const Recorded recorded;
  const Reliability known = replay(recorded.seeds, &recorded.twins, recorded.golden);
  CHECK(known.replays == 200);
  CHECK(known.red <= 10);
  CHECK(known.red <= known.suspect);
}

TEST_CASE("without twins or without seeds for a second look nothing is replayed", "[check]") {
  const Recorded recorded;
  CHECK(replay(recorded.seeds, nullptr, recorded.golden).replays == 0);
  Golden all = recorded.golden;
  all.recipe.gate_seeds = 10;
  CHECK(replay(recorded.seeds, &recorded.twins, all).replays == 0);
}

}  // namespace repro::checks
