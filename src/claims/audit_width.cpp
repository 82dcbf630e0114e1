// Rows of a printed table that have fewer cells than its heading has names, and where the gap is.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "claims/audit_checks.hpp"
#include "claims/printed_number.hpp"

namespace repro::claims {
namespace {

class WidthAudit {
 public:
  WidthAudit(const RowWidthCheck& check, const AuditInput& input)
      : claims_(input.claims), table_(*input.claims.table(check.head.table)) {
    for (const ClaimColumn& column : table_.columns)
      own_.push_back(column.title.empty() ? column.id : column.title);
    width_ = table_.heading.empty() ? own_.size() : table_.heading.size();
    keys_ = table_.heading.empty() ? table_.keys.size() : 0;
  }

  AuditFindings findings() const {
    const auto& rows = table_.rows;
    const bool all_alike = std::all_of(rows.begin(), rows.end(), [&](const ClaimRow& row) {
      return row.printed_cells == rows.front().printed_cells;
    });
    if (!rows.empty() && all_alike && rows.front().printed_cells != width_)
      return {of_heading(rows.front().printed_cells)};
    AuditFindings findings;
    for (const ClaimRow& row : rows) findings.push_back(of_row(row));
    return findings;
  }

 private:
  // Every row is as wide as the others: the heading is wrong, not they.
  AuditFinding of_heading(size_t cells) const {
    AuditFinding finding;
    finding.subject = "the heading of " + title();
    finding.ruling = Ruling::contradicts;
    finding.sentence = fmt::format("{} names over {} rows of {} cells", keys_ + width_,
                                   table_.rows.size(), keys_ + cells);
    finding.numbers = {{"names", static_cast<double>(keys_ + width_)},
                       {"cells", static_cast<double>(keys_ + cells)}};
    std::vector<std::string> missing;
    for (const std::string& name : own_)
      if (std::find(table_.heading.begin(), table_.heading.end(), name) == table_.heading.end())
        missing.push_back("'" + name + "'");
    if (missing.size() == cells - width_ && cells > width_)
      finding.repair = fmt::format("the heading lacks {}", join(missing, ", "));
    return finding;
  }

  AuditFinding of_row(const ClaimRow& row) const {
    AuditFinding finding = start_finding(claims_, &row, {});
    finding.numbers = {{"names", static_cast<double>(keys_ + width_)},
                       {"cells", static_cast<double>(keys_ + row.printed_cells)}};
    const bool holds = row.printed_cells == width_;
    finding.ruling = holds ? Ruling::holds : Ruling::contradicts;
    finding.sentence = holds ? fmt::format("{} cells, as the heading has names", keys_ + width_)
                             : fmt::format("{} cells under a heading of {} names",
                                           keys_ + row.printed_cells, keys_ + width_);
    if (row.printed_cells + 1 == width_) finding.repair = best_gap(row);
    return finding;
  }

  // The column that is missing: with it blank, most of the cells behind it lie among those of their
  // column's other rows.
  std::string best_gap(const ClaimRow& row) const {
    const size_t last = table_.columns.size() - 1;  // blank as loaded
    size_t best = last, most = fitting(row, last).first;
    for (size_t gap = last; gap-- > 0;)
      if (const size_t fits = fitting(row, gap).first; fits > most) {
        most = fits;
        best = gap;
      }
    const std::vector<std::string> misfits = fitting(row, best).second;
    std::string text =
        fmt::format("a blank under '{}' moves {} of {} cells among their column's other rows",
                    own_[best], most, last);
    if (!misfits.empty()) text += fmt::format("; beside it {} is not", join(misfits, ", "));
    return text;
  }

  // How many cells lie among their column's other rows, and those that do not.
  std::pair<size_t, std::vector<std::string>> fitting(const ClaimRow& row, size_t gap) const {
    size_t fits = 0;
    std::vector<std::string> misfits;
    for (size_t column = 0; column < table_.columns.size(); ++column) {
      if (column == gap) continue;
      const ClaimCell& cell = row.cells[column > gap ? column - 1 : column];
      if (lies_among(cell, column))
        ++fits;
      else
        misfits.push_back(fmt::format("{} = {}", own_[column], cell.printed));
    }
    return {fits, misfits};
  }

  bool lies_among(const ClaimCell& cell, size_t column) const {
    const auto number = parse_number(cell.printed);
    bool below = false, above = false;
    for (const ClaimRow& row : table_.rows) {
      if (row.printed_cells != width_) continue;
      const ClaimCell& other = row.cells[column];
      if (!other.printed.empty() && cell.printed == other.printed) return true;
      if (!other.value || !number) continue;
      below = below || *other.value <= *number->value;
      above = above || *other.value >= *number->value;
    }
    return below && above;
  }

  std::string title() const { return table_.title.empty() ? table_.id : table_.title; }

  const Claims& claims_;
  const ClaimTable& table_;
  std::vector<std::string> own_;  // the columns' titles
  size_t width_ = 0;              // names over them
  size_t keys_ = 0;               // printed beside them
};

}  // namespace

AuditFindings run(const RowWidthCheck& check, const AuditInput& input) {
  return WidthAudit(check, input).findings();
}

}  // namespace repro::claims
