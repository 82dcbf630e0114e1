#include "cli/difference_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/printing.hpp"

namespace repro::cli {

void print_differences(const char* title, const std::vector<run::RunDifference>& differences,
                       size_t shown) {
  say("{}: {}\n", title, differences.empty() ? "equal" : "");
  for (size_t i = 0; i < std::min(shown, differences.size()); ++i)
    say("  {}: {} | {}\n", differences[i].where, differences[i].first, differences[i].second);
  if (differences.size() > shown)
    say("  and {} more; --json has all\n", differences.size() - shown);
}

nlohmann::json differences_json(const run::RunDifference& difference) {
  return {{"where", difference.where}, {"first", difference.first}, {"second", difference.second}};
}

nlohmann::json differences_json(const std::vector<run::RunDifference>& differences) {
  nlohmann::json list = nlohmann::json::array();
  for (const run::RunDifference& difference : differences)
    list.push_back(differences_json(difference));
  return list;
}

std::vector<run::RunDifference> as_list(const std::optional<run::RunDifference>& difference) {
  if (!difference) return {};
  return {*difference};
}

}  // namespace repro::cli
