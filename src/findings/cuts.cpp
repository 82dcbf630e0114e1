#include "findings/cuts.hpp"

#include <algorithm>
#include <cmath>

namespace repro::findings {
namespace {

using plan::ArmPlan;
using plan::Cell;
using plan::Ending;

// Within a hundredth two amounts are the same.
constexpr double kSameShare = 0.01;

struct Share {
  size_t ending = 0;
  double of_baseline = 0;
};

// Shares ascend, as endings do.
std::optional<CutStanding> stand_between(const std::string& cut, const std::vector<Share>& shares) {
  CutStanding standing{.cut = cut};
  for (const Share& share : shares) {
    if (share.of_baseline < 1 + kSameShare) {
      standing.below = share.ending;
      standing.share_below = share.of_baseline;
    }
    if (share.of_baseline > 1 - kSameShare && !standing.above) {
      standing.above = share.ending;
      standing.share_above = share.of_baseline;
    }
  }
  // Two endings so near that both count as equal: the shorter one.
  if (standing.below && standing.above && *standing.above < *standing.below)
    standing.below = standing.above, standing.share_below = standing.share_above;
  return standing.below || standing.above ? std::optional(standing) : std::nullopt;
}

bool has_failed(const Ending& ending, const EndingReader& read) {
  const EndingResult result = read(ending);
  return result.ended && !result.loss;
}

std::optional<CutStanding> stand_at_loss(const Cell& cell, const ArmPlan& arm, double tolerance,
                                         const EndingReader& read) {
  const auto threshold = threshold_of(cell, 1, tolerance, read);
  const LadderSearch search = search_ladder(arm.endings, read, threshold);
  if (!threshold || !search.settled) return std::nullopt;
  if (search.holds)
    return CutStanding{"loss", search.holds, search.holds, /*share_below=*/1, /*share_above=*/1};
  // None reaches it: the longest that was run is the nearest.
  for (size_t i = arm.endings.size(); i-- > 0;)
    if (const EndingResult result = read(arm.endings[i]); result.ended && result.loss)
      return CutStanding{"loss", i, std::nullopt, /*share_below=*/0, /*share_above=*/0};
  return std::nullopt;
}

std::optional<CutStanding> stand_at_dollars(const Cell& cell, size_t arm, const EndingReader& read,
                                            const CostReader& cost) {
  const Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
  if (!cost || !read(reference).loss) return std::nullopt;
  const auto whole = cost(cell, cell.baseline, reference.steps);
  if (!whole || *whole <= 0) return std::nullopt;
  std::vector<Share> shares;
  for (size_t i = 0; i < cell.arms[arm].endings.size(); ++i) {
    const Ending& ending = cell.arms[arm].endings[i];
    if (has_failed(ending, read)) continue;
    const auto dollars = cost(cell, arm, ending.steps);
    if (!dollars) return std::nullopt;
    shares.push_back({i, *dollars / *whole});
  }
  return stand_between("dollars", shares);
}

std::optional<CutStanding> stand_at_steps(const Cell& cell, size_t arm, const EndingReader& read) {
  const Ending& reference = cell.arms[cell.baseline].endings[cell.reference];
  std::vector<Share> shares;
  for (size_t i = 0; i < cell.arms[arm].endings.size(); ++i) {
    const Ending& ending = cell.arms[arm].endings[i];
    if (!has_failed(ending, read))
      shares.push_back(
          {i, static_cast<double>(ending.steps) / static_cast<double>(reference.steps)});
  }
  return stand_between("steps", shares);
}

}  // namespace

double CutStanding::part() const {
  if (!below || !above || is_equal() || share_above == share_below) return 0;
  return (1 - share_below) / (share_above - share_below);
}

std::vector<size_t> CutStanding::endings() const {
  std::vector<size_t> all;
  if (below) all.push_back(*below);
  if (above && above != below) all.push_back(*above);
  return all;
}

std::optional<CutStanding> stand_at_cut(const std::string& cut, const Cell& cell, size_t arm,
                                        double tolerance, const EndingReader& read,
                                        const CostReader& cost) {
  if (arm == cell.baseline)
    return CutStanding{cut, cell.reference, cell.reference, /*share_below=*/1, /*share_above=*/1};
  if (cut == "loss") return stand_at_loss(cell, cell.arms[arm], tolerance, read);
  return cut == "steps" ? stand_at_steps(cell, arm, read) : stand_at_dollars(cell, arm, read, cost);
}

bool needs_costs(const plan::Experiment& experiment) {
  const auto& cuts = experiment.evaluate.cuts;
  return !experiment.evaluate.tasks.empty() &&
         std::find(cuts.begin(), cuts.end(), "dollars") != cuts.end();
}

}  // namespace repro::findings
