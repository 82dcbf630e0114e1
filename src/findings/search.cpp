#include "findings/search.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "findings/cuts.hpp"
#include "measure/stats.hpp"
#include "measure/steps_to_target.hpp"

namespace repro::findings {
namespace {

using plan::ArmPlan;
using plan::Cell;
using plan::Ending;
using Row = std::vector<const Cell*>;  // the seeds of one model and corpus

// Indices into a ladder between which the smallest ending that holds lies: (low, high].
struct Bracket {
  int64_t low = -1;
  int64_t high = 0;
};

// The upper middle of what is open; passes over failed endings.
std::optional<size_t> middle(const Bracket& bracket, const std::vector<bool>& lost) {
  std::vector<size_t> open;
  for (int64_t i = bracket.low + 1; i < bracket.high; ++i)
    if (!lost[static_cast<size_t>(i)]) open.push_back(static_cast<size_t>(i));
  if (open.empty()) return std::nullopt;
  return open[open.size() / 2];
}

size_t rate_ending(const Cell& cell, size_t arm, const LadderSearch& search) {
  if (arm == cell.baseline) return cell.reference;
  return search.holds ? *search.holds : cell.arms[arm].endings.size() - 1;
}

std::vector<double> rates_of(const ArmPlan& arm) {
  std::vector<double> rates = {1};
  for (const plan::RateLadder& ladder : arm.rates) rates.push_back(ladder.rate);
  return rates;
}

class Wanting {
 public:
  Wanting(const plan::Plan& plan, const EndingReader& read, const CostReader& cost)
      : plan_(plan),
        read_(read),
        cost_(cost),
        tolerance_(plan.experiment.target.tolerance),
        wanted_(plan.graph.jobs().size()) {}

  std::vector<bool> all() {
    Row row;
    for (const Cell& cell : plan_.cells) {
      if (!row.empty() && (row.back()->model != cell.model || row.back()->corpus != cell.corpus)) {
        add_row(row);
        row.clear();
      }
      row.push_back(&cell);
    }
    if (!row.empty()) add_row(row);
    return std::move(wanted_);
  }

 private:
  void want(size_t job) {
    if (wanted_[job]) return;
    wanted_[job] = true;
    for (const auto& [role, input] : plan_.graph[job].inputs) want(input);
  }
  void want(const Ending& ending) {
    want(ending.job);
    for (const size_t eval : ending.evals) want(eval);
  }

  void add_row(const Row& row) {
    for (const Cell* cell : row) {
      want(cell->prepare);
      for (size_t arm = 0; arm < cell->arms.size(); ++arm) {
        add_arm(*cell, arm);
        add_answers(*cell, arm);
      }
    }
    if (row.front()->arms.empty() || row.front()->arms.front().rates.empty()) return;
    const size_t baseline = row.front()->baseline;
    const auto best = choose_rate(row, baseline, tolerance_, read_);
    for (const Cell* cell : row) {
      if (best && best->best != 1)
        for (const Ending& ending : cell->arms[baseline].endings_at(best->best)) want(ending);
      for (size_t arm = 0; arm < cell->arms.size(); ++arm)
        if (best && arm != baseline) add_tuned(row, *cell, arm, *best);
    }
  }

  void add_phases(const ArmPlan& arm) {
    for (const plan::PhasePlan& phase : arm.phases) {
      for (const size_t job : phase.evals) want(job);
      if (&phase == &arm.last()) continue;
      for (const size_t job : phase.jobs) want(job);
    }
  }

  void add_arm(const Cell& cell, size_t index) {
    const ArmPlan& arm = cell.arms[index];
    add_phases(arm);
    if (index == cell.baseline || plan_.experiment.protocol == plan::Protocol::budget) {
      for (const Ending& ending : arm.endings) want(ending);
      for (const plan::RateLadder& ladder : arm.rates)
        want(ladder.endings.at(reference(cell, index)));
      return;
    }
    const auto threshold = threshold_of(cell, 1, tolerance_, read_);
    const LadderSearch search = search_ladder(arm.endings, read_, threshold);
    for (const size_t ending : search.asked) want(arm.endings[ending]);
    if (!search.settled) return;
    for (const plan::RateLadder& ladder : arm.rates)
      want(ladder.endings.at(rate_ending(cell, index, search)));
  }

  // Of the endings at which the arm is compared on tasks, which may be more than the search ran.
  void add_answers(const Cell& cell, size_t arm) {
    const plan::Evaluate& evaluate = plan_.experiment.evaluate;
    if (evaluate.tasks.empty()) return;
    for (const std::string& cut : evaluate.cuts) {
      const auto standing = stand_at_cut(cut, cell, arm, tolerance_, read_, cost_);
      if (!standing) continue;
      for (const size_t at : standing->endings()) {
        const Ending& ending = cell.arms[arm].endings[at];
        want(ending);
        for (const plan::TaskEval& answer : ending.answers) want(answer.job);
      }
    }
  }

  // Under a budget other arms compare their rates at their longest ending.
  static size_t reference(const Cell& cell, size_t arm) {
    return arm == cell.baseline ? cell.reference : cell.arms[arm].endings.size() - 1;
  }

  // Each arm at its best rate, against the baseline at its own.
  void add_tuned(const Row& row, const Cell& cell, size_t index, const RateChoice& baseline) {
    if (plan_.experiment.protocol == plan::Protocol::budget) return;
    const auto best = choose_rate(row, index, tolerance_, read_);
    if (!best) return;
    const auto& ladder = cell.arms[index].endings_at(best->best);
    const auto threshold = threshold_of(cell, baseline.best, tolerance_, read_);
    for (const size_t ending : search_ladder(ladder, read_, threshold).asked) want(ladder[ending]);
  }

  const plan::Plan& plan_;
  const EndingReader& read_;
  const CostReader& cost_;
  double tolerance_;
  std::vector<bool> wanted_;
};

// The answers that make a search take the most steps: ending -> does it hold?
struct LongestSearch {
  int64_t steps = 0;
  std::map<size_t, bool> holds;
};

LongestSearch longest_search(const std::vector<Ending>& ladder, const Bracket& bracket) {
  const auto at = middle(bracket, std::vector<bool>(ladder.size()));
  if (!at) return {};
  const auto here = static_cast<int64_t>(*at);
  LongestSearch below = longest_search(ladder, {bracket.low, here});
  LongestSearch above = longest_search(ladder, {here, bracket.high});
  const bool holds = below.steps > above.steps;
  LongestSearch longest = std::move(holds ? below : above);
  longest.steps += ladder[*at].steps;
  longest.holds[*at] = holds;
  return longest;
}

}  // namespace

size_t measuring_job(const Ending& ending, const std::string& metric) {
  return metric == "train_loss" ? ending.job : ending.evals.front();
}

LadderSearch search_ladder(const std::vector<Ending>& ladder, const EndingReader& read,
                           std::optional<double> threshold) {
  LadderSearch search;
  Bracket bracket{-1, static_cast<int64_t>(ladder.size())};
  std::vector<bool> lost(ladder.size());
  while (const auto next = middle(bracket, lost)) {
    search.asked.push_back(*next);
    const EndingResult result = read(ladder[*next]);
    if (!result.ended || !threshold) return search;
    if (!result.loss) lost[*next] = true;
    // Not "loss > threshold": a NaN loss must fail.
    else if (*result.loss <= *threshold)
      search.holds = *next, bracket.high = static_cast<int64_t>(*next);
    else
      bracket.low = static_cast<int64_t>(*next);
  }
  search.settled = true;
  return search;
}

std::optional<double> threshold_of(const Cell& cell, double rate, double tolerance,
                                   const EndingReader& read) {
  const Ending& reference = cell.arms[cell.baseline].endings_at(rate).at(cell.reference);
  const EndingResult result = read(reference);
  return result.loss ? std::optional(*result.loss + tolerance) : std::nullopt;
}

std::optional<RateChoice> choose_rate(const Row& seeds, size_t arm, double tolerance,
                                      const EndingReader& read) {
  RateChoice choice;
  choice.rates = rates_of(seeds.front()->arms[arm]);
  choice.losses.resize(choice.rates.size());
  for (const Cell* cell : seeds) {
    const ArmPlan& planned = cell->arms[arm];
    const auto threshold = threshold_of(*cell, 1, tolerance, read);
    const LadderSearch search = search_ladder(planned.endings, read, threshold);
    if (arm != cell->baseline && !search.settled) return std::nullopt;
    const size_t at = rate_ending(*cell, arm, search);
    for (size_t rate = 0; rate < choice.rates.size(); ++rate) {
      const EndingResult result = read(planned.endings_at(choice.rates[rate]).at(at));
      if (!result.ended) return std::nullopt;
      // A rate at which a run fails is the worst of all.
      choice.losses[rate].push_back(result.loss.value_or(INFINITY));
    }
  }
  double lowest = INFINITY;
  for (size_t rate = 0; rate < choice.rates.size(); ++rate)
    if (const double mean = measure::mean(choice.losses[rate]); mean < lowest) {
      lowest = mean;
      choice.best = choice.rates[rate];
    }
  return choice;
}

std::vector<bool> wanted_jobs(const plan::Plan& plan, const EndingReader& read,
                              const CostReader& cost) {
  return Wanting(plan, read, cost).all();
}

std::vector<bool> most_jobs(const plan::Plan& plan) {
  // Losses of a study in which every search is at its longest and the first other rate is the best.
  constexpr double kTarget = 4, kHolds = 3, kFails = 5, kBetter = 0.1;
  std::map<size_t, double> losses;
  const auto add = [&](const Cell& cell, size_t index, const std::vector<Ending>& ladder,
                       double better) {
    const auto answers = longest_search(ladder, {-1, static_cast<int64_t>(ladder.size())}).holds;
    for (size_t i = 0; i < ladder.size(); ++i) {
      const auto answer = answers.find(i);
      const bool holds = answer != answers.end() && answer->second;
      losses[ladder[i].job] = (index == cell.baseline ? kTarget : holds ? kHolds : kFails) - better;
    }
  };
  for (const Cell& cell : plan.cells)
    for (size_t index = 0; index < cell.arms.size(); ++index) {
      const ArmPlan& arm = cell.arms[index];
      add(cell, index, arm.endings, 0);
      for (const plan::RateLadder& ladder : arm.rates)
        add(cell, index, ladder.endings, &ladder == &arm.rates.front() ? kBetter : -kBetter);
    }
  // What is equally dear lies between the two longest endings.
  const auto cost = [](const Cell& cell, size_t arm, int64_t steps) -> std::optional<double> {
    if (arm == cell.baseline) return 1;
    return steps == cell.arms[arm].endings.back().steps ? 1.5 : 0.5;
  };
  return wanted_jobs(
      plan,
      [&](const Ending& ending) -> EndingResult {
        return {true, losses.at(ending.job)};
      },
      cost);
}

}  // namespace repro::findings
