#pragma once
// Which endings of the ladders are worth running. Under the protocol "target" only the smallest
// ending that reaches the target matters, so a ladder is bisected, not swept; the learning rates
// that check the baseline come first at one ending, and only the best of them gets a ladder of its
// own. A pure function of what has ended: the same runs ask for the same next ones, today or after
// a restart.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "plan/plan.hpp"
#include "run/verifier.hpp"

namespace repro::findings {

// What is known of an ending, in the manifest's metric.
struct EndingResult {
  bool ended = false;          // done, or failed for good
  std::optional<double> loss;  // nats; empty when it failed
};
// The job whose result holds an ending's loss in a metric: its training, or what evaluates it.
size_t measuring_job(const plan::Ending& ending, const std::string& metric);
using EndingReader = std::function<EndingResult(const plan::Ending&)>;

// A ladder as far as it has been run.
struct LadderSearch {
  std::vector<size_t>
      asked;             // endings that the search has come by, in its order; the last may be open
  bool settled = false;  // nothing is left to run
  std::optional<size_t> holds;  // the smallest ending known to reach the threshold
};
// Bisection over ascending endings, from the upper middle; without a threshold only its first
// ending is asked for. An ending whose run failed is passed over.
LadderSearch search_ladder(const std::vector<plan::Ending>& ladder, const EndingReader& read,
                           std::optional<double> threshold);

// The rate of lowest loss of an arm over all seeds of its row (cells of one model and corpus), at
// the ending where rates are compared: of the baseline its reference, of another arm where its
// search ended. Empty while one of these is still open.
struct RateChoice {
  double best = 1;
  std::vector<double> rates;                // 1 first
  std::vector<std::vector<double>> losses;  // by rate, then seed
};
std::optional<RateChoice> choose_rate(const std::vector<const plan::Cell*>& seeds, size_t arm,
                                      double tolerance, const EndingReader& read);

// The target of a cell with the baseline at this rate; empty until that run has ended.
std::optional<double> threshold_of(const plan::Cell& cell, double rate, double tolerance,
                                   const EndingReader& read);

// Dollars of an arm whose last phase makes so many steps; empty while nothing tells them.
using CostReader =
    std::function<std::optional<double>(const plan::Cell& cell, size_t arm, int64_t steps)>;

// By job of the graph. Every training under the protocol "budget". `cost` is asked only where arms
// are compared on tasks at equal dollars (cuts.hpp).
std::vector<bool> wanted_jobs(const plan::Plan& plan, const EndingReader& read,
                              const CostReader& cost = {});
// The same before anything has run: as much as the search may come to want, at its longest.
std::vector<bool> most_jobs(const plan::Plan& plan);

// Reads endings from run directories, each once.
class EndingFiles {
 public:
  EndingFiles(const plan::Plan& plan, std::filesystem::path runs);
  EndingResult read(const plan::Ending& ending);

 private:
  const plan::Plan& plan_;
  std::filesystem::path runs_;
  run::Verifier verifier_;
  std::map<size_t, double> losses_;
};

}  // namespace repro::findings
