#include "findings/interval_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "findings/numbers.hpp"

namespace repro::findings {
namespace {

std::string seeds_text(const measure::Effect& effect) {
  std::string text = effect.seeds == 1 ? "1 seed" : fmt::format("{} seeds", effect.seeds);
  if (effect.censored > 0) text += fmt::format(", {} only a bound", effect.censored);
  if (!effect.has_noise()) return text + ", nothing measures their noise";
  if (effect.borrowed) text += ", noise of other cells";
  return text + ", t = " + fixed(effect.t, 2);
}

nlohmann::json finite(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

}  // namespace

std::string half_width_text(double half_width, const std::string& unit) {
  if (std::isinf(half_width)) return "unknown";
  if (unit == "%") return "+- " + fixed(100 * half_width, 1) + " points";
  const std::string text = "+- " + significant(half_width, 2);
  return unit.empty() ? text : text + " " + unit;
}

std::vector<std::string> part_lines(const Finding& finding) {
  std::vector<std::string> lines;
  if (!finding.effect) return lines;
  for (const measure::NamedPart& part : measure::list_parts(finding.effect->parts)) {
    std::string line =
        fmt::format("{:<8}{}", part.name, half_width_text(part.half_width, finding.unit));
    if (part.name == "seeds") line += " (" + seeds_text(*finding.effect) + ")";
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string p_text(const measure::Judgement& judgement) {
  if (!judgement.p) return "";
  return fmt::format("p = {:.2g}, by Holm {:.2g} among {} numbers judged", *judgement.p,
                     *judgement.p_holm, judgement.judged);
}

nlohmann::json interval_json(const Finding& finding) {
  nlohmann::json range, parts, degrees;
  if (finding.range) range = {finite(finding.range->low), finite(finding.range->high)};
  if (finding.effect) {
    for (const measure::NamedPart& part : measure::list_parts(finding.effect->parts))
      parts[std::string(part.name)] = finite(part.half_width);
    degrees = finding.effect->degrees_of_freedom;
  }
  const measure::Judgement& judgement = finding.judgement;
  return {{"range", range},
          {"parts", parts},
          {"degrees_of_freedom", degrees},
          {"p", judgement.p ? nlohmann::json(*judgement.p) : nlohmann::json()},
          {"p_holm", judgement.p_holm ? nlohmann::json(*judgement.p_holm) : nlohmann::json()},
          {"judged", judgement.judged}};
}

}  // namespace repro::findings
