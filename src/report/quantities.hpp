#pragma once
// The numbers that a view compares with the paper, each a row of a table: where the paper's value
// comes from, how ours follows from a comparison, and how the claim is to be read.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "measure/verdict.hpp"
#include "report/finding.hpp"
#include "report/study.hpp"

namespace repro::report {

struct Quantity {
  std::string key;    // "saving"
  std::string title;  // "saving"
  std::string unit;   // "USD", "h", "steps", "%", "nats", "x", ""
  measure::Sense sense = measure::Sense::about;
  // False: an absolute number of the paper's models and machines, not to be judged by a stand-in.
  bool scale_free = false;
  std::function<std::optional<double>(const Study&, const StudyRow&)> paper;
  // At the end of a part of the uncertainty: the effort there, of this seed. Empty = not known.
  std::function<std::optional<double>(const CellOutcome&, const Comparison&, const Effort&)> here;
  bool depends_on_steps = true;  // false: does not follow from the fine-tune's steps to the target
};

// By view: "table1", "table3", "table6". Error for another.
const std::vector<Quantity>& quantities_of(const std::string& view);

// Every quantity of every row.
std::vector<Finding> findings_of(const Study& study);

// The quantity's finding for one row among `findings`; repro::check that it is there.
const Finding& finding(const std::vector<Finding>& findings, const Study& study,
                       const StudyRow& row, const std::string& quantity);

// "inconclusive (stand-in)": every verdict on a stand-in says so.
std::string verdict_text(const Finding& finding);

std::string format_value(double value, const std::string& unit);

}  // namespace repro::report
