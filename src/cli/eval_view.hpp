#pragma once
// What `repro eval` prints of an eval run's result.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/table.hpp"

namespace repro::cli {

// `tasks`, `measures`: those members of the result; `run`: whose model it was; `sequence`: tokens
// it was trained on.
report::Table answers_table(const nlohmann::json& tasks, const std::string& run, int64_t sequence);
report::Table perplexity_table(const nlohmann::json& measures, const std::string& run);

}  // namespace repro::cli
