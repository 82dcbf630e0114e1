#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "claims/audit_checks.hpp"
#include "measure/flops.hpp"
#include "measure/parameters.hpp"

namespace repro::claims {
namespace {

double seconds_per_step(const Formula& hours, const Formula& steps, const ClaimRow* row) {
  const double count = steps.value(row);
  if (!(count > 0)) throw Error("{} steps; a step time needs at least one", count);
  return 3600 * hours.value(row) / count;
}

// Utilisation of one model under one convention, as a fraction of the device's peak.
struct Roofline {
  double flops_per_token, tokens_per_second, peak;
  double utilisation() const { return flops_per_token * tokens_per_second / peak; }
};

// The reading with the fewest FLOPs: what exceeds a peak there exceeds it in all readings.
const ClaimModel* cheapest(const std::vector<const ClaimModel*>& models,
                           measure::Convention convention, int64_t sequence) {
  return *std::min_element(models.begin(), models.end(), [&](const auto* a, const auto* b) {
    return measure::flops_per_token(convention, a->shape, sequence) <
           measure::flops_per_token(convention, b->shape, sequence);
  });
}

class RooflineAudit {
 public:
  RooflineAudit(const RooflineCheck& check, const AuditInput& input)
      : check_(check),
        input_(input),
        steps_(input.claims, check.head, check.steps),
        hours_(input.claims, check.head, check.hours),
        tokens_(input.claims, check.head, check.tokens_per_step),
        sequence_(sequence_of(input.claims, check.head)),
        device_(input.profiles(check.device)) {
    if (check.conventions.empty()) throw Error("conventions = []; name at least one");
  }

  AuditFindings findings() const {
    return judge_rows(input_, check_.head, {&steps_, &hours_, &tokens_},
                      [this](AuditFinding& finding, const ClaimRow* row) { judge(finding, row); });
  }

 private:
  void judge(AuditFinding& finding, const ClaimRow* row) const {
    const auto peak = device_.peak(check_.dtype);
    if (!peak) {
      finding.sentence = device_.missing_peak(check_.dtype);
      return;
    }
    finding.inputs.emplace_back("peak of " + device_.name, fmt::format("{:.4g} FLOP/s", *peak));
    measure(finding, row, *peak);
  }

  void measure(AuditFinding& finding, const ClaimRow* row, double peak) const {
    const double seconds = seconds_per_step(hours_, steps_, row);
    const double tokens = tokens_.value(row) / seconds;
    finding.numbers["seconds_per_step"] = seconds;
    finding.numbers["tokens_per_second"] = tokens;
    const auto models = input_.claims.models_of(*row, check_.role, check_.head.reading);
    const measure::Convention first = measure::parse_convention(check_.conventions.front());
    const ClaimModel* model = cheapest(models, first, sequence_);
    for (const std::string& name : check_.conventions)
      for (const ClaimModel* reading : models) {
        const Roofline line = at(name, *reading, tokens, peak);
        const std::string suffix =
            reading == model ? name : fmt::format("{}_{}", name, reading->reading);
        finding.numbers["tflops_" + suffix] = line.flops_per_token * tokens / 1e12;
        finding.numbers["mfu_percent_" + suffix] = 100 * line.utilisation();
      }
    const Roofline decisive = at(check_.conventions.front(), *model, tokens, peak);
    finding.numbers["tokens_per_step_at_peak"] = peak * seconds / decisive.flops_per_token;
    finding.inputs.emplace_back("FLOPs per token of " + model->id,
                                fmt::format("{:.0f}", decisive.flops_per_token));
    rule(finding, row, decisive);
    finding.arithmetic = fmt::format(
        "3600 * {} / {} = {:.4f} s a step; {} / {:.4f} = {:.0f} tokens/s; x {:.0f} FLOPs = {:.1f} "
        "TFLOP/s of {:.1f}",
        hours_.substituted(row), steps_.substituted(row), seconds, tokens_.substituted(row),
        seconds, tokens, decisive.flops_per_token, decisive.flops_per_token * tokens / 1e12,
        peak / 1e12);
  }

  Roofline at(const std::string& convention, const ClaimModel& model, double tokens,
              double peak) const {
    return {static_cast<double>(measure::flops_per_token(measure::parse_convention(convention),
                                                         model.shape, sequence_)),
            tokens, peak};
  }

  // Impossible only if it is so at the longest time that prints the same.
  void rule(AuditFinding& finding, const ClaimRow* row, const Roofline& line) const {
    const Ranged hours = *hours_.at(row);
    const double stretch = hours.value / hours.high;
    const measure::Plausibility found = measure::plausibility(line.utilisation());
    const bool sure =
        measure::plausibility(line.utilisation() * stretch) == measure::Plausibility::impossible;
    finding.numbers["mfu_percent_least"] = 100 * line.utilisation() * stretch;
    finding.ruling = sure                                        ? Ruling::impossible
                     : found == measure::Plausibility::plausible ? Ruling::holds
                                                                 : Ruling::suspect;
    const double percent = 100 * line.utilisation();
    finding.sentence = fmt::format("{} needs {:.1f} % of the {}'s {} peak ({} FLOPs)", check_.phase,
                                   percent, device_.name, check_.dtype, check_.conventions.front());
    if (sure)
      finding.sentence +=
          fmt::format(": at the peak it can process at most {} tokens a step, not {}",
                      rounded_with_commas(finding.numbers["tokens_per_step_at_peak"]),
                      rounded_with_commas(tokens_.value(row)));
  }

  const RooflineCheck& check_;
  const AuditInput& input_;
  Formula steps_, hours_, tokens_;
  int64_t sequence_;
  config::Profile device_;
};

}  // namespace

AuditFindings run(const RooflineCheck& check, const AuditInput& input) {
  return RooflineAudit(check, input).findings();
}

AuditFindings run(const StepTimeCheck& check, const AuditInput& input) {
  const Formula steps(input.claims, check.head, check.steps);
  const Formula hours(input.claims, check.head, check.hours);
  const ClaimTable& table = *input.claims.table(check.head.table);
  const auto key = static_cast<size_t>(
      std::find(table.keys.begin(), table.keys.end(), check.group_by) - table.keys.begin());
  std::vector<std::string> order;
  std::map<std::string, std::vector<const ClaimRow*>> groups;
  for (const ClaimRow& row : table.rows) {
    if (!groups.contains(row.keys[key])) order.push_back(row.keys[key]);
    groups[row.keys[key]].push_back(&row);
  }
  AuditFindings findings;
  for (const std::string& group : order) {
    AuditFinding finding;
    const auto title = input.claims.titles.find(group);
    finding.subject = title == input.claims.titles.end() ? group : title->second;
    double least = 0;
    double most = 0;
    std::vector<std::string> times;
    for (const ClaimRow* row : groups[group]) {
      if (!steps.at(row) || !hours.at(row)) continue;
      const double seconds = seconds_per_step(hours, steps, row);
      finding.numbers["seconds " + row->id] = seconds;
      times.push_back(fmt::format("{:.2f}", seconds));
      least = times.size() == 1 ? seconds : std::min(least, seconds);
      most = std::max(most, seconds);
    }
    if (times.size() < 2) {
      finding.sentence = "fewer than two step times are printed";
    } else {
      const double spread = most / least;
      finding.numbers["spread"] = spread;
      finding.arithmetic = fmt::format("{} s a step: {:.2f} / {:.2f} = {:.2f}", join(times, ", "),
                                       most, least, spread);
      finding.ruling = spread > check.limit ? Ruling::suspect : Ruling::holds;
      finding.sentence = fmt::format(
          "a step of {} takes up to {:.2f} times as long on one corpus as on another{}",
          check.phase, spread,
          spread > check.limit ? ": tokens a step vary, by padding or length, and are not stated"
                               : "");
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

namespace {

struct Memory {
  double gigabytes;  // 0 = unknown, and `text` says why
  std::string text;  // "the 25.77 GB of rtx-4090"
};

Memory memory_of(const MemoryCheck& check, const AuditInput& input) {
  if (check.device.empty()) {
    const Formula memory(input.claims, check.head, check.memory_gb);
    if (!memory.at(nullptr)) throw Error("the paper gives no {}", memory.missing(nullptr));
    return {memory.value(nullptr), memory.substituted(nullptr) + " GB"};
  }
  const config::Profile device = input.profiles(check.device);
  if (device.memory_bytes == 0)
    return {0, fmt::format("profile '{}' does not say its memory", device.name)};
  const double gigabytes = static_cast<double>(device.memory_bytes) / 1e9;
  return {gigabytes, fmt::format("the {:.2f} GB of {}", gigabytes, device.name)};
}

void rule_memory(AuditFinding& finding, const MemoryCheck& check, const Memory& memory,
                 double parameters) {
  std::vector<std::string> products;
  std::vector<std::string> fitting;
  for (const int64_t bytes : check.bytes_per_parameter) {
    const double size = parameters * static_cast<double>(bytes) / 1e9;
    finding.numbers[fmt::format("gb_{}", bytes)] = size;
    products.push_back(fmt::format("{} B: {:.2f} GB", bytes, size));
    if (size > memory.gigabytes) continue;
    fitting.push_back(
        fmt::format("{} bytes a parameter ({:.2f} GB left)", bytes, memory.gigabytes - size));
  }
  finding.arithmetic = fmt::format("{:.0f} parameters x {}", parameters, join(products, ", "));
  const bool all = fitting.size() == check.bytes_per_parameter.size();
  finding.ruling = fitting.empty() ? Ruling::impossible : all ? Ruling::holds : Ruling::suspect;
  finding.sentence =
      fitting.empty() ? fmt::format("AdamW's state alone exceeds {} in every layout", memory.text)
      : all           ? fmt::format("AdamW's state fits {} in every layout", memory.text)
            : fmt::format("AdamW's state fits {} only at {}, before activations", memory.text,
                          join(fitting, " or "));
}

}  // namespace

AuditFindings run(const MemoryCheck& check, const AuditInput& input) {
  const Memory memory = memory_of(check, input);
  AuditFindings findings;
  for (const ClaimModel& model : input.claims.models) {
    if (model.role != check.role) continue;
    AuditFinding finding;
    finding.subject = model.title;
    const auto parameters = static_cast<double>(measure::count_parameters(model.shape).full());
    finding.inputs = {{"parameters", fmt::format("{:.0f}", parameters)}, {"memory", memory.text}};
    finding.numbers["parameters"] = parameters;
    if (memory.gigabytes > 0)
      rule_memory(finding, check, memory, parameters);
    else
      finding.sentence = memory.text;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace repro::claims
