#include "findings/speed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "measure/stats.hpp"

namespace repro::findings {
namespace {

using plan::Speed;

constexpr const char* kPaperSpeed = "device_speed";  // quantity of the claims

// "experiments/x.toml:12: speed = "paper"", or the experiment where nothing is said.
std::string place_of(const plan::Experiment& experiment) {
  const config::Node* said = experiment.resolved.find("speed");
  return said != nullptr ? said->source.text() : experiment.name;
}

Error no_ratio(const SpeedSources& from, const Speed& rule, const std::string& profile,
               const std::string& why) {
  return Error(
      "{}: speed = {}: how fast '{}' is beside '{}' is not known: {}; set speed to a ratio, to "
      "\"equal\" or to another of peaks, paper, measured",
      place_of(from.experiment), text(rule), profile, from.experiment.baseline_profile(), why);
}

// The data type that matrix multiplications run in.
std::string dtype_of(const plan::Experiment& experiment) {
  return experiment.match.precision == "fp32" ? "fp32" : "bf16";
}

struct Rate {
  std::optional<double> flops;
  std::string missing;  // why there is none
  double log_reach = 0;
};

// Half of what lies between the ends of an interval, in logarithms; 0 where none is said.
double log_reach(double low, double high) {
  return low > 0 && high > low ? std::log(high / low) / 2 : 0;
}

Rate rate_of(const SpeedSources& from, Speed::Rule rule, const std::string& profile) {
  if (profile.empty()) return {std::nullopt, "the baseline names no profile"};
  const auto at = from.profiles.find(profile);
  if (at == from.profiles.end()) return {std::nullopt, "no profile '" + profile + "'"};
  const std::string dtype = dtype_of(from.experiment);
  if (rule == Speed::Rule::peaks) return {at->second.peak(dtype), at->second.missing_peak(dtype)};
  const config::MeasuredGemm* best = at->second.best_gemm(dtype);
  return {at->second.measured_peak(dtype),
          fmt::format("no {} matrix multiplication and no step was measured on '{}'; run `repro "
                      "profile measure` there",
                      dtype, profile),
          best != nullptr ? log_reach(best->flops_low, best->flops_high) : 0};
}

DeviceSpeed by_rates(const Speed& rule, const SpeedSources& from, const std::string& profile) {
  const Rate baseline = rate_of(from, rule.rule, from.experiment.baseline_profile());
  const Rate own = rate_of(from, rule.rule, profile);
  for (const Rate& rate : {baseline, own})
    if (!rate.flops) throw no_ratio(from, rule, profile, rate.missing);
  return {*baseline.flops / *own.flops,
          fmt::format("{}, {}: {} / {} TFLOP/s",
                      rule.rule == Speed::Rule::peaks ? "data-sheet peaks"
                                                      : "measured matrix multiplications",
                      dtype_of(from.experiment), significant(*baseline.flops / 1e12, 4),
                      significant(*own.flops / 1e12, 4)),
          std::hypot(baseline.log_reach, own.log_reach)};
}

bool is_equal_work(const config::MeasuredStep& a, const config::MeasuredStep& b) {
  const auto key = [](const config::MeasuredStep& step) {
    return std::tie(step.model, step.shape, step.size, step.precision, step.batch, step.sequence,
                    step.layers, step.width);
  };
  return key(a) == key(b);
}

// Of steps of the experiment's models that were timed on both devices.
std::optional<DeviceSpeed> by_steps(const SpeedSources& from, const config::Profile& baseline,
                                    const config::Profile& own) {
  std::vector<double> ratios;
  double reach = 0;  // of the ratio that is known worst
  for (const std::string& model : from.experiment.models)
    for (const config::MeasuredStep& ours : own.measured.steps)
      for (const config::MeasuredStep& theirs : baseline.measured.steps)
        if (ours.model == model && is_equal_work(ours, theirs)) {
          ratios.push_back(ours.seconds / theirs.seconds);
          reach = std::max(reach, std::hypot(log_reach(ours.seconds_low, ours.seconds_high),
                                             log_reach(theirs.seconds_low, theirs.seconds_high)));
        }
  if (ratios.empty()) return std::nullopt;
  return DeviceSpeed{measure::median(ratios),
                     fmt::format("step times measured on both, median of {}", ratios.size()),
                     reach};
}

// Steps say more than multiplications: they also wait for memory.
DeviceSpeed by_measurement(const Speed& rule, const SpeedSources& from,
                           const std::string& profile) {
  const auto baseline = from.profiles.find(from.experiment.baseline_profile());
  const auto own = from.profiles.find(profile);
  std::optional<DeviceSpeed> speed;
  if (baseline != from.profiles.end() && own != from.profiles.end())
    speed = by_steps(from, baseline->second, own->second);
  if (!speed) speed = by_rates(rule, from, profile);
  for (const config::Profile& one : {baseline->second, own->second})
    if (const auto doubt = one.doubt()) speed->origin += "; " + *doubt;
  return *speed;
}

// The devices that the claims' hours are of differ from those asked about; empty when they do not,
// or when the claims do not name theirs.
std::optional<std::string> other_devices(const SpeedSources& from, const std::string& profile) {
  for (const claims::ClaimCheck& check : from.claims.checks)
    if (const auto* price = std::get_if<claims::PriceCheck>(&check))
      if (price->low_device != profile || price->high_device != from.experiment.baseline_profile())
        return fmt::format("the paper's hours are of '{}' and '{}'", price->high_device,
                           price->low_device);
  return std::nullopt;
}

std::vector<double> paper_ratios(const claims::Claims& claims) {
  std::vector<double> ratios;
  const claims::Quantity* quantity = claims.quantity(kPaperSpeed);
  if (quantity == nullptr || !quantity->paper) return ratios;
  for (const claims::ClaimRow& row : claims.table(quantity->table)->rows)
    if (const auto value = claims::paper_value(claims, *quantity, row); value && value->value > 0)
      ratios.push_back(value->value);
  return ratios;
}

// One device has one speed: the median over the rows, which differ by what else took time there.
DeviceSpeed by_paper(const Speed& rule, const SpeedSources& from, const std::string& profile) {
  if (const auto others = other_devices(from, profile))
    throw no_ratio(from, rule, profile, *others);
  const std::vector<double> ratios = paper_ratios(from.claims);
  if (ratios.empty())
    throw no_ratio(from, rule, profile,
                   fmt::format("the claims '{}' have no quantity '{}' with a value",
                               from.experiment.claims, kPaperSpeed));
  const auto [least, greatest] = std::minmax_element(ratios.begin(), ratios.end());
  return {measure::median(ratios),
          fmt::format("the paper's own hours at equal FLOPs: median of {} cells, {} to {}",
                      ratios.size(), significant(*least), significant(*greatest))};
}

DeviceSpeed speed_by(const Speed& rule, const SpeedSources& from, const std::string& profile) {
  switch (rule.rule) {
    case Speed::Rule::peaks:
      return by_rates(rule, from, profile);
    case Speed::Rule::measured:
      return by_measurement(rule, from, profile);
    case Speed::Rule::paper:
      return by_paper(rule, from, profile);
    case Speed::Rule::given:
      return {rule.ratio, "given: " + place_of(from.experiment)};
    case Speed::Rule::equal:
      return {1, "an assumption that favours the cheap device: " + place_of(from.experiment)};
  }
  return {};
}

}  // namespace

double Speeds::relative(const std::string& profile) const {
  const auto at = others_.find(profile);
  return at == others_.end() ? 1 : at->second.ratio;
}

Speeds Speeds::with(const std::string& profile, double ratio) const {
  Speeds other = *this;
  other.others_.at(profile).ratio = ratio;
  return other;
}

Speeds speeds_by(const Speed& rule, const SpeedSources& sources) {
  std::map<std::string, DeviceSpeed> others;
  for (const std::string& profile : sources.experiment.other_profiles())
    if (profile != sources.machine) others[profile] = speed_by(rule, sources, profile);
  return Speeds(std::move(others));
}

bool paper_gives_speed(const SpeedSources& sources) {
  const auto others = sources.experiment.other_profiles();
  return others.size() == 1 && !other_devices(sources, others.front()) &&
         !paper_ratios(sources.claims).empty();
}

std::vector<OtherSpeeds> other_speeds(const Study& study) {
  std::vector<OtherSpeeds> all;
  if (study.timing.speeds().others().empty()) return all;
  const SpeedSources sources = study.sources.speed(study.experiment());
  const auto add = [&](const char* name, plan::Speed::Rule rule) {
    if (study.experiment().speed.rule != rule) all.push_back({name, speeds_by({rule}, sources)});
  };
  add("equal speed", plan::Speed::Rule::equal);
  if (paper_gives_speed(sources)) add("the paper's speed", plan::Speed::Rule::paper);
  return all;
}

std::vector<std::string> speed_lines(const Study& study) {
  std::vector<std::string> lines;
  for (const auto& [profile, speed] : study.timing.speeds().others())
    lines.push_back(fmt::format("speed of {} / {}: {} ({})", study.experiment().baseline_profile(),
                                profile, significant(speed.ratio), speed.origin));
  return lines;
}

}  // namespace repro::findings
