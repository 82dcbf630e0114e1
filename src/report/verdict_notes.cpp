// Every number of a view that the paper has too, with its verdict: where a table shows one of them.

#include <fmt/format.h>

#include "claims/quantities.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/view.hpp"

namespace repro::report {
namespace {

using findings::Finding;

// "1.7 % (95 %: -3.0 to 6.4)"
std::string measured_text(const Finding& finding) {
  const std::string unit = finding.unit.empty() ? "" : " " + finding.unit;
  if (!finding.here || !finding.range) return finding.here_text + (finding.here ? unit : "");
  return fmt::format("{}{} (95 %: {} to {})", finding.here_text, unit,
                     findings::format_value(finding.range->low, finding.unit),
                     findings::format_value(finding.range->high, finding.unit));
}

}  // namespace

std::vector<std::string> verdict_notes(const findings::Study& study,
                                       const std::vector<Finding>& found) {
  std::vector<std::string> lines;
  for (const findings::StudyRow& row : study.rows)
    for (const claims::Quantity* quantity :
         claims::quantities_of(study.sources.claims, study.view)) {
      const Finding& finding = findings::finding(found, study, row, quantity->id);
      if (!quantity->here || !finding.paper) continue;
      const std::string unit = finding.unit.empty() ? "" : " " + finding.unit;
      lines.push_back(fmt::format("{}, {}: paper {}{}, here {}: {}", row.text(), quantity->title,
                                  finding.paper_text, unit, measured_text(finding),
                                  findings::verdict_text(finding)));
    }
  return lines;
}

}  // namespace repro::report
