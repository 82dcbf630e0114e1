#pragma once
// How wide a finding's interval is, and why, in words and in JSON.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "findings/finding.hpp"

namespace repro::findings {

// "+- 3.1 points" of a share, "+- 0.21 x", "+- 310 steps"; "unknown" when infinite.
std::string half_width_text(double half_width, const std::string& unit);

// A line for each part: "seeds   +- 3.1 points (3 seeds, t = 4.30)", "rungs   +- 0.8 points", ...
// None without a number.
std::vector<std::string> part_lines(const Finding& finding);

// "p = 0.0021, by Holm 0.04 among 42 numbers judged"; "" where nothing was tested.
std::string p_text(const measure::Judgement& judgement);

// {"range": [low, high], "parts": {...}, "degrees_of_freedom", "p", "p_holm", "judged"}: null where
// there is none, or no end.
nlohmann::json interval_json(const Finding& finding);

}  // namespace repro::findings
