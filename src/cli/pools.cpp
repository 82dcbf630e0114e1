#include "cli/pools.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::cli {
namespace {

std::vector<std::string> profiles_of(const run::JobGraph& graph) {
  std::set<std::string> profiles;
  for (const run::Job& job : graph.jobs())
    if (!job.resources.profile.empty()) profiles.insert(job.resources.profile);
  return {profiles.begin(), profiles.end()};
}

std::pair<std::string, int> parse_pool(const std::string& text) {
  constexpr int kMostDevices = 1'000'000;
  const size_t equals = text.rfind('=');
  int devices = 0;
  if (equals != std::string::npos && equals > 0) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, devices);
    if (error == std::errc() && stop == end && devices >= 1 && devices <= kMostDevices)
      return {text.substr(0, equals), devices};
  }
  throw Error(Exit::usage,
              "--pool {}: expected PROFILE=DEVICES, from 1 to a million of them, as in rtx-4090=4",
              text);
}

}  // namespace

void add_pool_option(CLI::App& verb, std::vector<std::string>& pools) {
  verb.add_option("--pool", pools,
                  "devices of a hardware profile to spread the jobs over, as PROFILE=DEVICES; may "
                  "be repeated")
      ->allow_extra_args(false);
}

launch::Pools parse_pools(const std::vector<std::string>& given, const run::JobGraph& graph) {
  launch::Pools pools;
  const std::vector<std::string> known = profiles_of(graph);
  for (const std::string& text : given) {
    const auto [profile, devices] = parse_pool(text);
    if (std::find(known.begin(), known.end(), profile) == known.end())
      throw Error(Exit::usage, "--pool {}: no job is of '{}'{}; they are of {}", text, profile,
                  did_you_mean(profile, known), join(known, ", "));
    pools[profile] = devices;
  }
  const std::vector<std::string> missing = launch::missing_pools(graph, pools);
  if (!missing.empty())
    throw Error(Exit::usage, "--pool: jobs are of {} too; add --pool {}=DEVICES",
                join(missing, ", "), missing.front());
  return pools;
}

std::string pools_text(const launch::Pools& pools) {
  std::vector<std::string> parts;
  for (const auto& [profile, devices] : pools)
    parts.push_back(fmt::format("{} x {}", profile, devices));
  return join(parts, ", ");
}

}  // namespace repro::cli
