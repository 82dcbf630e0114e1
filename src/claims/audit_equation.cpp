// Equations and constants: two printed numbers that must be one, and one that must be the same in
// every row.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "claims/audit_checks.hpp"
#include "claims/audit_repair.hpp"

namespace repro::claims {
namespace {

// Slack for sums of binary fractions, far below any printed digit.
constexpr double kBinarySlack = 1e-9;

bool equal_within(const Ranged& left, const Ranged& right, double tolerance, bool rounded) {
  if (rounded) return left.low <= right.high + tolerance && right.low <= left.high + tolerance;
  const double size = std::max(std::abs(left.value), std::abs(right.value));
  return std::abs(left.value - right.value) <= tolerance + kBinarySlack * size;
}

bool ordered(const Ranged& left, const Ranged& right, const std::string& relation, bool rounded) {
  const double most = rounded ? left.high - right.low : left.value - right.value;
  const double least = rounded ? left.low - right.high : left.value - right.value;
  if (relation == "<") return least < 0;
  if (relation == "<=") return least <= 0;
  return relation == ">" ? most > 0 : most >= 0;
}

// "2.926"; "2,273,280" where so many digits would not reach the last one before the point.
std::string number_text(double value, int digits = 6) {
  const double size = std::abs(value);
  return size >= std::pow(10, digits) && size < 1e12 ? rounded_with_commas(value)
                                                     : fmt::format("{:.{}g}", value, digits);
}

// "4 * 0.35 * 2.09 = 2.926", or "2.09" where there is nothing to compute.
std::string worked(const Formula& formula, const ClaimRow* row) {
  const std::string text = formula.substituted(row);
  const bool is_number = text.find_first_not_of("0123456789.") == std::string::npos;
  return is_number ? text : fmt::format("{} = {}", text, number_text(formula.value(row)));
}

// How a printed number may have come from the computed one.
struct Reading {
  double down, up;     // units of the last printed decimal that the computed one may lie off
  bool rounded;        // of inputs that are rounded numbers themselves
  const char* closes;  // said of a number that only this closes
};
constexpr std::array kOtherReadings = {
    Reading{0, 1, false, "if it was cut off, not rounded"},
    Reading{1, 0, false, "if it was rounded up"},
    Reading{0.5, 0.5, true, "if the numbers that it is made of were rounded first"},
    Reading{0, 1, true, "if it was cut off, and made of rounded numbers"},
    Reading{1, 0, true, "if it was rounded up, and made of rounded numbers"}};

bool closes(const Reading& reading, double printed, double unit, const Ranged& computed) {
  const double slack = kBinarySlack * std::max(std::abs(printed), std::abs(computed.value));
  const double low = reading.rounded ? computed.low : computed.value;
  const double high = reading.rounded ? computed.high : computed.value;
  // What lies a whole unit off would have been printed otherwise.
  const auto reach = [&](double units) { return units * unit + (units < 1 ? slack : -slack); };
  return high >= printed - reach(reading.down) && low <= printed + reach(reading.up);
}

class EquationAudit {
 public:
  EquationAudit(const EquationCheck& check, const AuditInput& input)
      : check_(check),
        input_(input),
        left_(input.claims, check.head, check.left),
        right_(input.claims, check.head, check.right),
        reading_(other_reading()) {}

  AuditFindings findings() const {
    return judge_rows(input_, check_.head, {&left_, &right_},
                      [&](AuditFinding& finding, const ClaimRow* row) {
                        if (check_.relation == "=")
                          judge_equal(finding, row);
                        else
                          judge_ordered(finding, row);
                      });
  }

 private:
  bool rounded() const { return check_.inputs == "rounded"; }
  double tolerance(const ClaimRow* row) const {
    return check_.tolerance.value_or(left_.half_unit(row).value_or(0));
  }
  bool closes_as_declared(const ClaimRow* row) const {
    return equal_within(*left_.at(row), *right_.at(row), tolerance(row), rounded());
  }

  // Where the paper says nothing, a column is rounded in one way throughout: another reading counts
  // only where it closes nearly all rows and rounding to the nearest far from all.
  const Reading* other_reading() const {
    constexpr double kNearlyAll = 0.9, kMost = 0.75;
    if (check_.relation != "=" || check_.tolerance) return nullptr;
    std::vector<const ClaimRow*> rows;
    for (const ClaimRow* row : rows_of(input_.claims, check_.head))
      if (left_.at(row) && right_.at(row)) rows.push_back(row);
    const auto closing = [&](const auto& test) {
      return static_cast<size_t>(std::count_if(rows.begin(), rows.end(), test));
    };
    const auto part = [&](size_t count) {
      return static_cast<double>(count) / static_cast<double>(std::max<size_t>(1, rows.size()));
    };
    size_t most = closing([&](const ClaimRow* row) { return closes_as_declared(row); });
    if (part(most) > kMost) return nullptr;
    const Reading* best = nullptr;
    for (const Reading& reading : kOtherReadings) {
      if (reading.rounded && check_.inputs == "exact") continue;
      const size_t count = closing([&](const ClaimRow* row) { return closes_as(reading, row); });
      if (count <= most || part(count) < kNearlyAll) continue;
      most = count;
      best = &reading;
    }
    return best;
  }
  bool closes_as(const Reading& reading, const ClaimRow* row) const {
    const auto half = left_.half_unit(row);
    return half && closes(reading, left_.value(row), 2 * *half, *right_.at(row));
  }

  void judge_equal(AuditFinding& finding, const ClaimRow* row) const {
    describe(finding, row);
    if (closes_as_declared(row)) {
      finding.ruling = Ruling::holds;
      finding.sentence = fmt::format("agrees within {:.3g}", tolerance(row));
    } else if (reading_ != nullptr && closes_as(*reading_, row)) {
      finding.ruling = Ruling::suspect;
      finding.sentence = fmt::format("{} closes only {}", left_.substituted(row), reading_->closes);
    } else {
      contradict(finding, row);
    }
  }

  void contradict(AuditFinding& finding, const ClaimRow* row) const {
    const Ranged l = *left_.at(row), r = *right_.at(row);
    finding.ruling = Ruling::contradicts;
    finding.sentence =
        fmt::format("the paper says {}, its own numbers give {}: {} off, {:.3g} is rounding",
                    left_.substituted(row), number_text(r.value), number_text(l.value - r.value, 4),
                    tolerance(row));
    if (const auto slip = find_slip(l, r)) {
      finding.numbers["slip"] = slip->factor;
      finding.repair = slip->text();
    } else if (const std::string row_of_gap = missing_row(l, r, tolerance(row));
               !row_of_gap.empty()) {
      finding.repair = row_of_gap;
    } else {
      finding.repair = smallest_change(left_, right_, row);
    }
  }

  // A sum that lacks an addend which another table prints.
  std::string missing_row(const Ranged& l, const Ranged& r, double half) const {
    constexpr double kFewDigits = 1000;  // a shorter number is met by chance
    if (check_.right.find("sum(") == std::string::npos) return {};
    const double gap = l.value - r.value;
    const double sure = (half + (r.high - r.low) / 2) * (1 + kBinarySlack);
    for (const ClaimTable& table : input_.claims.tables)
      for (const ClaimRow& other : table.rows)
        for (const ClaimCell& cell : other.cells)
          if (cell.value && std::abs(*cell.value - gap) <= sure && *cell.value > kFewDigits * sure)
            return fmt::format("the difference, {}, is what '{}' prints of {}: a row is missing",
                               number_text(*cell.value),
                               table.title.empty() ? table.id : table.title,
                               input_.claims.title_of(other));
    return {};
  }

  void judge_ordered(AuditFinding& finding, const ClaimRow* row) const {
    describe(finding, row);
    const Ranged l = *left_.at(row), r = *right_.at(row);
    const bool holds = ordered(l, r, check_.relation, rounded());
    finding.ruling = holds ? Ruling::holds : Ruling::contradicts;
    finding.sentence = fmt::format("{:.4g} is {}{} {:.4g}", l.value, holds ? "" : "not ",
                                   check_.relation, r.value);
  }

  void describe(AuditFinding& finding, const ClaimRow* row) const {
    const double l = left_.value(row), r = right_.value(row);
    finding.numbers = {{"left", l}, {"right", r}, {"difference", l - r}};
    finding.arithmetic = fmt::format("{} against {}", worked(left_, row), worked(right_, row));
  }

  const EquationCheck& check_;
  const AuditInput& input_;
  Formula left_, right_;
  const Reading* reading_;
};

}  // namespace

AuditFindings run(const EquationCheck& check, const AuditInput& input) {
  return EquationAudit(check, input).findings();
}

namespace {

// The value that most ranges hold, two at least: what the column may be constant at.
std::optional<double> most_common(const std::vector<Ranged>& ranges) {
  std::optional<double> best;
  int64_t most = 1;
  for (const Ranged& range : ranges)
    for (const double at : {range.value, range.low, range.high}) {
      const auto holding = std::count_if(ranges.begin(), ranges.end(), [&](const Ranged& other) {
        return other.low <= at && at <= other.high;
      });
      if (holding <= most) continue;
      most = holding;
      best = at;
    }
  return best;
}

class ConstantAudit {
 public:
  ConstantAudit(const ConstantCheck& check, const AuditInput& input)
      : check_(check), input_(input), value_(input.claims, check.head, check.value) {
    for (const ClaimRow* row : rows_of(input.claims, check.head))
      if (const auto range = value_.at(row)) groups_[group_of(*row)].push_back(widened(*range));
  }

  AuditFindings findings() const {
    return judge_rows(input_, check_.head, {&value_},
                      [&](AuditFinding& finding, const ClaimRow* row) { judge(finding, *row); });
  }

 private:
  std::string group_of(const ClaimRow& row) const {
    if (check_.group_by.empty()) return {};
    const ClaimTable& table = *input_.claims.table(check_.head.table);
    if (const auto column = table.column(check_.group_by)) return row.cells[*column].printed;
    const auto key = std::find(table.keys.begin(), table.keys.end(), check_.group_by);
    return row.keys[static_cast<size_t>(key - table.keys.begin())];
  }
  Ranged widened(const Ranged& range) const {
    const double more =
        check_.spread * std::abs(range.value) + kBinarySlack * std::abs(range.value);
    return {range.value, range.low - more, range.high + more};
  }

  void judge(AuditFinding& finding, const ClaimRow& row) const {
    const std::vector<Ranged>& group = groups_.at(group_of(row));
    const Ranged own = widened(*value_.at(&row));
    finding.numbers = {{"value", own.value}};
    finding.arithmetic = fmt::format("{} = {:.6g}", value_.substituted(&row), own.value);
    if (group.size() < 2) {
      finding.sentence = "one row alone can be anything";
      return;
    }
    const auto common = most_common(group);
    const bool holds = common && own.low <= *common && *common <= own.high;
    if (common) finding.numbers["common"] = *common;
    finding.ruling = holds ? Ruling::holds : Ruling::contradicts;
    finding.sentence =
        holds    ? fmt::format("{:.5g} in this row as in others", *common)
        : common ? fmt::format("{} is {:.5g} here ({:.5g} to {:.5g} by rounding), {:.5g} elsewhere",
                               check_.value, own.value, own.low, own.high, *common)
                 : fmt::format("{} is {:.5g} here, and no two rows agree", check_.value, own.value);
    if (holds || !common) return;
    if (const auto slip = find_slip(own, exactly(*common))) finding.repair = slip->text();
  }

  const ConstantCheck& check_;
  const AuditInput& input_;
  Formula value_;
  std::map<std::string, std::vector<Ranged>> groups_;
};

}  // namespace

AuditFindings run(const ConstantCheck& check, const AuditInput& input) {
  return ConstantAudit(check, input).findings();
}

}  // namespace repro::claims
