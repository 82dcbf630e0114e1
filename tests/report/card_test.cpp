// The answer before the table: what it says of runs that are missing, that decide something and
// that do not, and of scores; that it fits and lets nothing through.

#include "report/card.hpp"

#include "base/text.hpp"
#include "findings/findings.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

using Catch::Contains;

struct Carded {
  TemporaryDirectory folder;
  plan::Plan plan;
  findings::Sources sources;

  explicit Carded(const Fixture& fixture, const std::string& view = "table3", bool has_run = true) {
    plan::Experiment experiment = plan_of(fixture).experiment;
    experiment.view = view;
    plan = plan::make_plan(std::move(experiment));
    if (has_run) write_runs(plan, fixture, folder.path());
    sources = sources_of(folder.path());
  }
  Card card(std::vector<CardStep> settle = {}) const {
    const findings::Study study(plan, sources);
    return make_card(study, findings::findings_of(study), std::move(settle));
  }
};

Fixture with_seeds(std::vector<int64_t> seeds, double gain) {
  Fixture fixture;
  fixture.seeds = std::move(seeds);
  fixture.tune_loss = [gain](const std::string&, int64_t steps, int64_t seed) {
    return 5.9 - (gain + 0.01 * static_cast<double>(seed)) *
                     std::log(static_cast<double>(steps) / 10) / std::log(4.0);
  };
  return fixture;
}

std::string word(const Card& card, const std::string& name) {
  for (const CardWord& one : card.words)
    if (one.word == name) return one.meaning;
  return "";
}

}  // namespace

TEST_CASE("before anything has run the card says so and settles nothing", "[report]") {
  const Card card = Carded({}, "table3", /*has_run=*/false).card();
  CHECK(card.standing == "nothing measured yet");
  CHECK(card.tone == Tone::open);
  CHECK_THAT(card.answer, Contains("no cell has a number yet"));
}

TEST_CASE("one seed settles nothing; the card says what is known, and why it is open", "[report]") {
  const Card card = Carded({}).card();
  CHECK(card.standing == "not settled");
  CHECK_THAT(card.asked, Contains("MoE-DisCo against full training") && Contains("51.8 to 69.5 %"));
  CHECK_THAT(card.answer, Contains("the saving is 33 % here in 1 of 2 cells") &&
                              Contains("only a bound is known (<= 8 %)"));
  CHECK_THAT(join(card.trust, "\n"),
             Contains("open in 2 cells:") && Contains("stand-ins:") && Contains("1 seed a cell"));
}

TEST_CASE("with seeds that agree a stand-in's card says what it found, and that it is one",
          "[report]") {
  const Card card = Carded(with_seeds({0, 1, 2}, 0.9)).card();
  CHECK(card.standing == "not reproduced at stand-in scale");
  CHECK(card.tone == Tone::bad);
  CHECK_THAT(card.answer, Contains("in 2 of 2 cells"));
}

TEST_CASE("every word that the first screen uses in its own sense has a meaning there",
          "[report]") {
  const Card card = Carded({}).card();
  for (const char* name : {"S", "F", "full", "here", "paper", "range", "stand-in", "cell",
                           "C4 > web", "calibrated", "inconclusive"}) {
    CAPTURE(name);
    CHECK_FALSE(word(card, name).empty());
  }
  CHECK_THAT(word(card, "S"), Contains("submodels") && Contains("rtx-4090"));
}

TEST_CASE("a card of scores tells the gains of all tasks together", "[report]") {
  Fixture fixture;
  fixture.tasks = {"pairs"};
  fixture.seeds = {0, 1, 2};
  fixture.is_right = [](int64_t item, const std::string& phase, int64_t, int64_t) {
    return item < (phase == "full" ? 200 : 340);
  };
  const Card card = Carded(fixture, "scores").card();
  CHECK(card.standing == "not settled");
  CHECK_THAT(card.asked, Contains("on 1 downstream task, where the two are equal in loss, steps, "
                                  "dollars?") &&
                             Contains("Table 2 of the paper prints"));
  CHECK_THAT(card.answer, Contains("35.0 points above full here") &&
                              Contains("of 12 gains clear of seeds and items above zero, 0 below"));
  CHECK_FALSE(word(card, "inconclusive").empty());
  CHECK(word(card, "range").empty());  // no column of that view has one
  const Card before = Carded(fixture, "scores", /*has_run=*/false).card();
  CHECK(before.standing == "nothing measured yet");
  CHECK(before.answer == "no task is answered yet");
}

TEST_CASE("what would settle it stands on the card with its command and what it takes",
          "[report]") {
  const Card card =
      Carded({}).card({{"the direction here", "repro run table3 --seeds 4", "25 min"}});
  CHECK_THAT(to_terminal(card, 80), Contains("the direction here, 25 min") &&
                                        Contains("\n            repro run table3 --seeds 4\n"));
  CHECK_THAT(to_markdown(card), Contains("`repro run table3 --seeds 4`"));
}

TEST_CASE("a card fits the terminal, and hostile texts steer neither that nor a page", "[report]") {
  Card card = Carded({}).card();
  for (const size_t width : {size_t{60}, size_t{80}, size_t{120}})
    for (const std::string& line : split(to_terminal(card, width), '\n')) {
      CAPTURE(width, line);
      CHECK(line.size() <= width);
    }
  card.answer = "a\x1b[2J\x01<img src=x>\n\n# b|c";
  CHECK(to_terminal(card, 80).find('\x1b') == std::string::npos);
  CHECK(to_terminal(card, 80).find('\x01') == std::string::npos);
  CHECK(to_html(card).find("<img") == std::string::npos);
  CHECK_THAT(to_markdown(card), Contains("\\<img"));
  CHECK(to_markdown(card).find("\n# b") == std::string::npos);
}

}  // namespace repro::report
