// Sentences on which arm ends lower at equal work, arm by arm.

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "findings/equal_work.hpp"
#include "findings/numbers.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Study;
using Lines = std::vector<std::string>;

// "equal samples 0.012 nats lower (clear in 0 of 1 cells)". Where the baseline has run only more or
// less work nothing is told of equal work, but that; "" where nothing has run.
std::string equal_part(const std::vector<findings::EqualWork>& all, size_t arm,
                       const std::string& measure, bool tuned) {
  double sum = 0;
  int64_t cells = 0, clear = 0, unequal = 0;
  for (const findings::EqualWork& one : all) {
    const bool own = one.rate == 1 && one.baseline_rate == 1;
    if (one.arm != arm || one.measure != measure || own == tuned) continue;
    if (!one.equal()) {
      ++unequal;
      continue;
    }
    ++cells;
    sum += one.difference.centre;
    clear += one.better() != 0;
  }
  if (cells == 0)
    return unequal == 0 ? "" : fmt::format("no run of the baseline takes as many {}", measure);
  const double mean = sum / static_cast<double>(cells);
  return fmt::format("equal {} {} nats {} (clear in {} of {} cells)", measure,
                     findings::loss_text(std::abs(mean)), mean < 0 ? "lower" : "higher", clear,
                     cells);
}

}  // namespace

std::vector<std::string> equal_work_notes(const Study& study) {
  Lines lines;
  std::vector<findings::EqualWork> all;
  for (const findings::StudyRow& row : study.rows)
    for (findings::EqualWork& one : findings::equal_work_of(study, row))
      all.push_back(std::move(one));
  for (size_t arm = 0; arm < study.plan.cells.front().arms.size(); ++arm)
    for (const bool tuned : {false, true}) {
      Lines parts;
      for (const std::string& measure : findings::equal_measures())
        if (const std::string part = equal_part(all, arm, measure, tuned); !part.empty())
          parts.push_back(part);
      if (parts.empty()) continue;
      lines.push_back(fmt::format("{} against {}{}: {}", study.plan.cells.front().arms[arm].title,
                                  study.baseline().title, tuned ? ", each at its best rate" : "",
                                  join(parts, "; ")));
    }
  return lines;
}

}  // namespace repro::report
