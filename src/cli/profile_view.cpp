#include "cli/profile_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

std::string rate(std::optional<double> flops) {
  return flops ? fmt::format("{:.4g} TFLOP/s", *flops / 1e12) : "-";
}

json or_null(std::optional<double> value) { return value ? json(*value) : json(nullptr); }

}  // namespace

std::vector<config::Profile> load_profiles(const Context& context) {
  std::vector<config::Profile> profiles;
  for (const std::string& name : config::profile_names(context.root()))
    profiles.push_back(config::find_profile(context.root(), name));
  return profiles;
}

report::Table profiles_table(const std::vector<config::Profile>& profiles) {
  report::Table table{.title = "Hardware profiles"};
  table.columns = {{.heading = "profile", .align = report::Align::left},
                   {.heading = "device", .align = report::Align::left},
                   {.heading = "memory"},
                   {.heading = "data sheet", .group = "bf16 peak"},
                   {.heading = "measured", .group = "bf16 peak"}};
  for (const config::Profile& profile : profiles)
    table.add(
        {profile.name, profile.title,
         profile.memory_bytes > 0 ? human_bytes(static_cast<double>(profile.memory_bytes)) : "-",
         rate(profile.peak("bf16")), rate(profile.measured_peak("bf16"))});
  return table;
}

json profiles_json(const std::vector<config::Profile>& profiles) {
  json all = json::array();
  for (const config::Profile& profile : profiles)
    all.push_back({{"name", profile.name},
                   {"title", profile.title},
                   {"kind", profile.kind},
                   {"memory_bytes", profile.memory_bytes},
                   {"bf16_peak", or_null(profile.peak("bf16"))},
                   {"bf16_measured", or_null(profile.measured_peak("bf16"))}});
  return all;
}

}  // namespace repro::cli
