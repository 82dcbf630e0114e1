// The utilisation that a printed throughput implies, by every way to count FLOPs.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "claims/audit_checks.hpp"
#include "measure/flops.hpp"

namespace repro::claims {
namespace {

// Percent of one data type's peak by one count.
struct Implied {
  std::string name;  // "palm", "6 N of fp8"
  Ranged percent;
};

class MfuAudit {
 public:
  MfuAudit(const MfuCheck& check, const AuditInput& input)
      : check_(check), input_(input), rate_(input.claims, check.head, check.tokens_per_second) {
    if (!check.device.empty()) device_ = input.profiles(check.device);
    if (!check.peak.empty()) peak_.emplace(input.claims, check.head, check.peak);
    if (!check.printed.empty()) printed_.emplace(input.claims, check.head, check.printed);
    for (const FlopReading& reading : check.readings)
      readings_.emplace_back(reading.name, Formula(input.claims, check.head, reading.flops));
  }

  AuditFindings findings() const {
    AuditFindings findings;
    for (const ClaimRow* row : rows_of(input_.claims, check_.head)) {
      findings.push_back(start_finding(input_.claims, row, {&rate_}));
      if (!lacks(findings.back(), row)) judge(findings.back(), row);
    }
    return findings;
  }

 private:
  bool lacks(AuditFinding& finding, const ClaimRow* row) const {
    if (lacks_input(finding, row, {&rate_})) return true;
    if (printed_ && lacks_input(finding, row, {&*printed_})) return true;
    for (const auto& [name, formula] : readings_)
      if (lacks_input(finding, row, {&formula})) return true;
    if (peak_) return lacks_input(finding, row, {&*peak_});
    for (const std::string& dtype : check_.dtypes)
      if (!device_.peak(dtype)) {
        finding.sentence = device_.missing_peak(dtype);
        return true;
      }
    return false;
  }

  void judge(AuditFinding& finding, const ClaimRow* row) const {
    const std::vector<Implied> all = implied(row);
    std::vector<std::string> texts;
    for (const Implied& one : all) {
      finding.numbers["mfu_percent_" + one.name] = one.percent.value;
      texts.push_back(fmt::format("{} {:.1f}", one.name, one.percent.value));
    }
    finding.arithmetic = fmt::format("{} tokens/s of one {} are, in percent of its peak: {}",
                                     rate_.substituted(row), device(), join(texts, ", "));
    if (std::all_of(all.begin(), all.end(), [](const Implied& i) { return i.percent.low > 100; })) {
      finding.ruling = Ruling::impossible;
      finding.sentence = fmt::format(
          "more than the {}'s peak by every count of FLOPs, {:.0f} % by "
          "the least",
          device(), least_of(all));
    } else if (printed_) {
      compare(finding, row, all);
    } else {
      weigh(finding, all);
    }
  }

  std::vector<Implied> implied(const ClaimRow* row) const {
    const Ranged rate = *rate_.at(row);
    std::vector<Implied> all;
    for (const std::pair<double, std::string>& peak : peaks(row)) {
      const auto add = [&](const std::string& name, const Ranged& flops) {
        const double scale = 100 / peak.first;
        all.push_back({name + peak.second,
                       {scale * rate.value * flops.value, scale * rate.low * flops.low,
                        scale * rate.high * flops.high}});
      };
      for (const auto& [name, formula] : readings_) add(name, *formula.at(row));
      if (!check_.role.empty()) add_conventions(*row, add);
    }
    return all;
  }

  // FLOP/s, and what tells it from the others.
  std::vector<std::pair<double, std::string>> peaks(const ClaimRow* row) const {
    if (peak_) return {{peak_->value(row), ""}};
    std::vector<std::pair<double, std::string>> all;
    for (const std::string& dtype : check_.dtypes)
      all.emplace_back(*device_.peak(dtype), check_.dtypes.size() == 1 ? "" : " of " + dtype);
    return all;
  }
  std::string device() const { return peak_ ? "device" : device_.name; }

  template <typename Add>
  void add_conventions(const ClaimRow& row, const Add& add) const {
    const int64_t sequence = sequence_of(input_.claims, check_.head);
    for (const ClaimModel* model : input_.claims.models_of(row, check_.role, check_.head.reading))
      for (const measure::Convention convention : measure::all_conventions())
        add(std::string(measure::name(convention)) +
                (model->reading.empty() ? "" : " " + model->reading),
            exactly(
                static_cast<double>(measure::flops_per_token(convention, model->shape, sequence))));
  }

  // Which counts give the printed percentage, at any number that prints the same?
  void compare(AuditFinding& finding, const ClaimRow* row, const std::vector<Implied>& all) const {
    const Ranged printed = *printed_->at(row);
    const double half = printed_->half_unit(row).value_or(0);
    std::vector<std::string> giving, others;
    const Implied* nearest = &all.front();
    for (const Implied& one : all) {
      const bool gives =
          one.percent.low <= printed.value + half && one.percent.high >= printed.value - half;
      (gives ? giving : others).push_back(fmt::format("{} ({:.1f})", one.name, one.percent.value));
      if (distance(one, printed) < distance(*nearest, printed)) nearest = &one;
    }
    finding.numbers["printed"] = printed.value;
    finding.numbers["conventions"] = static_cast<double>(giving.size());
    finding.ruling = giving.empty() ? Ruling::contradicts : Ruling::holds;
    finding.sentence =
        giving.empty()
            ? fmt::format("no count of FLOPs gives the printed {} %", printed_->substituted(row))
            : fmt::format("the printed {} % is that of {}{}", printed_->substituted(row),
                          join(giving, ", "),
                          others.empty() ? "" : ", not of " + join(others, ", "));
    if (!giving.empty()) return;
    if (const auto off = nearest->percent.value / printed.value; off > 0)
      finding.repair = fmt::format("nearest is {} with {:.1f} %, {:.2f} times it", nearest->name,
                                   nearest->percent.value, off);
  }

  // Nothing is printed: can it be?
  void weigh(AuditFinding& finding, const std::vector<Implied>& all) const {
    double most = 0;
    for (const Implied& one : all) most = std::max(most, one.percent.high);
    const double least = least_of(all);
    const bool high = measure::plausibility(least / 100) != measure::Plausibility::plausible;
    const bool low = most < check_.least;
    finding.ruling = high || low ? Ruling::suspect : Ruling::holds;
    finding.sentence = fmt::format("{:.1f} to {:.1f} % of the {}'s peak{}", least, most, device(),
                                   high  ? ": more than is believed without the log"
                                   : low ? fmt::format(": less than {:.0f} % by every count, which "
                                                       "one clean run does not take",
                                                       check_.least)
                                         : "");
  }

  static double least_of(const std::vector<Implied>& all) {
    return std::min_element(
               all.begin(), all.end(),
               [](const Implied& a, const Implied& b) { return a.percent.value < b.percent.value; })
        ->percent.value;
  }
  static double distance(const Implied& one, const Ranged& printed) {
    return std::abs(
        std::log(std::max(one.percent.value, 1e-300) / std::max(printed.value, 1e-300)));
  }

  const MfuCheck& check_;
  const AuditInput& input_;
  Formula rate_;
  config::Profile device_;
  std::optional<Formula> peak_, printed_;
  std::vector<std::pair<std::string, Formula>> readings_;
};

}  // namespace

AuditFindings run(const MfuCheck& check, const AuditInput& input) {
  return MfuAudit(check, input).findings();
}

}  // namespace repro::claims
