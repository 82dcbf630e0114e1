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

// With every number's interval, or null.
json measured_json(const config::Profile& profile) {
  if (!profile.has_measurement) return nullptr;
  const config::Measurement& measured = profile.measured;
  json steps = json::array();
  for (const config::MeasuredStep& step : measured.steps)
    steps.push_back({{"model", step.model},
                     {"shape", step.shape},
                     {"size", step.size},
                     {"seconds", step.seconds},
                     {"seconds_low", step.reach() ? json(step.seconds_low) : json()},
                     {"seconds_high", step.reach() ? json(step.seconds_high) : json()},
                     {"repeats", step.repeats}});
  return {{"date", measured.date},       {"certified", measured.certified},
          {"reason", measured.reason},   {"drift", measured.drift},
          {"others", measured.others},   {"stolen", measured.stolen},
          {"threads", measured.threads}, {"steps", steps}};
}

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
                   {"bf16_measured", or_null(profile.measured_peak("bf16"))},
                   {"measured", measured_json(profile)},
                   {"doubts", profile.doubt() ? json{*profile.doubt()} : json::array()}});
  return all;
}

}  // namespace repro::cli
