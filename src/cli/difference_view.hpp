#pragma once
// Where two runs part, as `explain A B` and `compare` show it.

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "run/comparison.hpp"

namespace repro::cli {

// "title: equal", or one line a difference; of very many the first `shown`, and how many more.
void print_differences(const char* title, const std::vector<run::RunDifference>& differences,
                       size_t shown);

nlohmann::json differences_json(const run::RunDifference& difference);
nlohmann::json differences_json(const std::vector<run::RunDifference>& differences);

// None or one.
std::vector<run::RunDifference> as_list(const std::optional<run::RunDifference>& difference);

}  // namespace repro::cli
