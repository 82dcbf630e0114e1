#include "claims/audit_repair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/text.hpp"

namespace repro::claims {
namespace {

// Measured numbers of a few digits lie this near beside a whole factor.
constexpr double kSlipSlack = 0.002;

struct KnownSlip {
  double factor;
  const char* reason;
};
constexpr std::array kSlips = {
    KnownSlip{2, "cores counted as chips, or one thing counted twice"},
    KnownSlip{8, "devices of one node, or bits taken for bytes"},
    KnownSlip{24, "days taken for hours"},
    KnownSlip{60, "minutes taken for hours, or seconds for minutes"},
    KnownSlip{100, "a percentage taken for a share"},
    KnownSlip{1000, "a thousand, as between thousands and units"},
    KnownSlip{1024, "1,024, as between binary thousands and units"},
    KnownSlip{1.024, "1,024 taken for 1,000"},
    KnownSlip{3600, "seconds taken for hours"},
    KnownSlip{1e6, "a million"},
    KnownSlip{1048576.0 / 1e6, "binary millions taken for millions"},
    KnownSlip{1073741824.0 / 1e9, "GiB taken for GB"},
};

double width(const Ranged& range) { return (range.high - range.low) / std::abs(range.value); }

// Numbers that are less sure than a part of the factor lie beside it by chance.
bool is_sure(const Ranged& left, const Ranged& right, double factor) {
  constexpr double kOfTheFactor = 0.25;
  return width(left) + width(right) < kOfTheFactor * std::abs(std::log(factor));
}

bool touches(const Ranged& left, const Ranged& right, double factor) {
  const double slack = kSlipSlack * std::abs(right.value * factor);
  const double low = std::min(right.low * factor, right.high * factor) - slack;
  const double high = std::max(right.low * factor, right.high * factor) + slack;
  return left.low <= high && low <= left.high;
}

// Factors to try, from 1 outwards in even steps of the logarithm.
constexpr double kFarthest = 3;
constexpr int kSteps = 40;
constexpr int kHalvings = 50;

using Gap = std::function<std::optional<double>(double factor)>;  // 0 where the sides agree

double halved(const Gap& gap, double from, double to) {
  const bool rising = gap(from).value_or(0) < 0;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = std::sqrt(from * to);
    ((gap(middle).value_or(0) < 0) == rising ? from : to) = middle;
  }
  return std::sqrt(from * to);
}

// The factor nearest to 1 at which the sides agree.
std::optional<double> closing_factor(const Gap& gap) {
  const auto here = gap(1);
  if (!here) return std::nullopt;
  const auto factor = [](int step) { return std::pow(kFarthest, step / double{kSteps}); };
  std::optional<double> last[2] = {here, here};
  for (int step = 1; step <= kSteps; ++step)
    for (const int sign : {1, -1}) {
      std::optional<double>& before = last[sign == 1 ? 0 : 1];
      const auto now = gap(factor(sign * step));
      if (before && now && (*before < 0) != (*now < 0))
        return halved(gap, factor(sign * (step - 1)), factor(sign * step));
      before = now;
    }
  return std::nullopt;
}

struct Change {
  Formula::Single single;
  double factor;
  double size() const { return std::abs(std::log(factor)); }
  std::string text() const {
    const double value = single.value * factor;
    const double beyond = 1e7;  // digits that say nothing
    return fmt::format("{} were {} instead of {}", single.name,
                       std::abs(value) < beyond && std::abs(value) >= 1000
                           ? rounded_with_commas(value)
                           : fmt::format("{:.4g}", value),
                       single.printed);
  }
};

// Of the numbers that `changed` reads; the other side keeps its value.
void collect_changes(const Formula& changed, double other, const ClaimRow* row,
                     std::vector<Change>& to) {
  for (const Formula::Single& single : changed.singles(row)) {
    const auto factor = closing_factor([&](double times) -> std::optional<double> {
      const auto value = changed.with(row, single.index, single.value * times);
      return value ? std::optional(*value - other) : std::nullopt;
    });
    if (factor) to.push_back({single, *factor});
  }
}

}  // namespace

std::string Slip::text() const {
  const double times = factor >= 1 ? factor : 1 / factor;
  return fmt::format("{} times too {} ({})",
                     times < 2 ? fmt::format("{:.4g}", times)
                               : with_commas(static_cast<int64_t>(std::llround(times))),
                     too_large ? "large" : "small", reason);
}

std::optional<Slip> find_slip(const Ranged& left, const Ranged& right) {
  if (left.value == 0 || right.value == 0 || (left.value < 0) != (right.value < 0))
    return std::nullopt;
  for (const KnownSlip& known : kSlips)
    for (const bool too_large : {true, false}) {
      const double factor = too_large ? known.factor : 1 / known.factor;
      if (is_sure(left, right, factor) && touches(left, right, factor))
        return Slip{factor, known.reason, too_large};
    }
  return std::nullopt;
}

std::string smallest_change(const Formula& left, const Formula& right, const ClaimRow* row) {
  constexpr double kAboutAsLittle = 1.3;
  constexpr size_t kMostNamed = 3;
  std::vector<Change> changes;
  collect_changes(left, right.value(row), row, changes);
  collect_changes(right, left.value(row), row, changes);
  if (changes.empty()) return {};
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.size() < b.size(); });
  std::vector<std::string> texts;
  for (const Change& change : changes)
    if (texts.size() < kMostNamed && change.size() <= kAboutAsLittle * changes.front().size())
      texts.push_back(change.text());
  return fmt::format("closes if {} ({:.2g} %)", join(texts, ", or "),
                     100 * (std::exp(changes.front().size()) - 1));
}

}  // namespace repro::claims
