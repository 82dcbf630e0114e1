#pragma once
// One number of a report with all that stands behind it: what the paper says, what the runs say,
// how far the two agree, and the lines of arithmetic from run directories to the number.

#include <optional>
#include <string>
#include <vector>

#include "measure/stats.hpp"
#include "measure/verdict.hpp"

namespace repro::findings {

struct Finding {
  std::string id;        // "EXPERIMENT:qwen_moe:c4:saving"
  std::string row;       // "Qwen / C4 > web"
  std::string quantity;  // "saving"
  std::string unit;      // "%", "h", "steps", ""
  std::string paper_text = "-";
  std::optional<double> paper;
  std::string here_text = "not run";
  std::optional<double> here;              // mean over seeds
  std::optional<measure::Interval> range;  // 95 %: of all that is open; an end may be infinite
  std::optional<measure::Effect> effect;   // the range's parts; as `here`
  std::string evidence = "-";              // "measured", "calibrated", "projected"; "-" = no number
  measure::Judgement judgement;            // with its p, and p among all that was judged
  std::string scope;                // "at stand-in scale", "on a stand-in corpus"; "" = neither
  std::vector<std::string> inputs;  // what the number was computed from, a line each
};

}  // namespace repro::findings
