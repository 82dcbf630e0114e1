#include "report/view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "claims/quantities.hpp"
#include "findings/findings.hpp"
#include "findings/judging.hpp"
#include "findings/numbers.hpp"
#include "findings/values.hpp"
#include "report/scores.hpp"

namespace repro::report {
namespace {

using claims::ViewColumn;
using findings::Finding;
using findings::Study;
using findings::StudyRow;
using measure::Reach;

// Stand-in runs cost cents; the unit keeps their digits in sight.
struct MoneyUnit {
  double factor = 1;
  std::string name = "$";
  std::string text(double dollars) const { return findings::significant(dollars * factor); }
};

class ViewMaker {
 public:
  ViewMaker(const Study& study, const std::vector<Finding>& found) : study_(study), found_(found) {
    if (shows_cents(study, found)) money_ = {100, "¢"};
  }

  Table make() {
    add_columns();
    const bool below = study_.view.layout == "below";
    for (const StudyRow& row : study_.rows) below ? add_two_lines(row) : add_line(row);
    table_.notes = speed_note(study_);
    for (std::string& sentence : profile_doubts(study_)) table_.notes.push_back(sentence);
    for (std::string& sentence : fairness_notes(study_)) table_.notes.push_back(sentence);
    for (const std::string& name : study_.view.notes)
      for (std::string& sentence : note(name, study_, found_))
        table_.notes.push_back(std::move(sentence));
    return std::move(table_);
  }

 private:
  const Finding& finding(const StudyRow& row, const std::string& quantity) const {
    return findings::finding(found_, study_, row, quantity);
  }
  const Finding& verdict(const StudyRow& row) const { return finding(row, study_.view.verdict); }
  const claims::Quantity& quantity(const std::string& id) const {
    return *study_.sources.claims.quantity(id);
  }
  std::string unit(const std::string& id) const { return quantity(id).unit; }

  std::string heading(const ViewColumn& column, bool paper) const {
    if (!column.heading.empty() && study_.view.layout == "below") return column.heading;
    std::string text = paper ? "paper" : "here";
    if (unit(column.quantity) == "USD") text += paper ? " $" : " " + money_.name;
    if (!paper && column.range) text += " (range)";
    return text;
  }

  void add_columns() {
    table_.columns = {{.heading = "model", .align = Align::left},
                      {.heading = "corpus", .align = Align::left}};
    const bool below = study_.view.layout == "below";
    for (const ViewColumn& column : study_.view.columns) {
      const auto add = [&](bool paper) {
        const std::string side = below ? "" : paper ? "_paper" : "_here";
        const bool money = unit(column.quantity) == "USD";
        table_.columns.push_back({.heading = heading(column, paper),
                                  .group = column.group,
                                  .key = column.quantity + side + (money ? "_usd" : "")});
      };
      if (!below && column.paper) add(true);
      if (column.here || below) add(false);
    }
    table_.columns.push_back({.heading = "verdict", .align = Align::left});
  }

  // "<= " or ">= " when the row's number is only a bound.
  static std::string sign_of(const Finding& found) {
    const std::string& text = found.here_text;
    return text.starts_with("<= ") || text.starts_with(">= ") ? text.substr(0, 3) : "";
  }

  TableCell paper_cell(const StudyRow& row, const ViewColumn& column) const {
    const Finding& found = finding(row, column.quantity);
    if (!found.paper) return "-";
    return {paper_number(row, column.quantity) + parts_text(row, column, /*paper=*/true),
            found.paper};
  }

  std::string paper_number(const StudyRow& row, const std::string& id) const {
    const Finding& found = finding(row, id);
    if (!found.paper) return "-";
    const std::string of = unit(id);
    if (of == "USD") return findings::fixed(*found.paper, 2);
    if (of == "%") return findings::percent(*found.paper);
    std::string text = findings::paper_text(quantity(id), study_, row);
    if (of == "h") text += " h";
    return text;
  }

  std::string here_number(const StudyRow& row, const std::string& id) const {
    const Finding& found = finding(row, id);
    if (!found.here) return "-";
    const std::string of = unit(id);
    if (of == "USD") return money_.text(*found.here);
    if (of == "h") return findings::seconds_text(*found.here * 3600);
    return found.here_text;
  }

  // " = 2.93+3.94"
  std::string parts_text(const StudyRow& row, const ViewColumn& column, bool paper) const {
    std::vector<std::string> parts;
    for (const std::string& part : column.parts)
      parts.push_back(paper ? paper_number(row, part) : here_number(row, part));
    return parts.empty() ? "" : " = " + join(parts, "+");
  }

  TableCell here_cell(const StudyRow& row, const ViewColumn& column) const {
    const Finding& found = finding(row, column.quantity);
    if (!found.here) return column.range ? TableCell(found.here_text) : TableCell("-");
    if (column.range) return {range_text(row, found), found.here};
    const std::string of = unit(column.quantity);
    const std::string sign = of == "USD" || of == "h" ? sign_of(found) : "";
    // Of a bound the parts say nothing that the whole does not.
    return {sign + here_number(row, column.quantity) +
                (sign.empty() ? parts_text(row, column, /*paper=*/false) : ""),
            found.here};
  }

  std::string range_text(const StudyRow& row, const Finding& found) const {
    const size_t missed = row.count(Reach::not_reached);
    const size_t compared = row.compared().size();
    const bool bounded = found.here_text != findings::format_value(*found.here, found.unit);
    if (found.unit != "%")
      return found.range
                 ? fmt::format("{} ({})", found.here_text, findings::range_text(*found.range))
                 : found.here_text;
    if (bounded && missed == compared && compared > 0) return "not reached";
    if (bounded && missed > 0) return fmt::format("{} of {} reach", compared - missed, compared);
    if (bounded) return sign_of(found) + findings::fixed(100 * *found.here, 0) + " %";
    return found.range ? findings::percent_range(*found.here, *found.range)
                       : findings::fixed(100 * *found.here, 0) + " %";
  }

  // With the way to what it rests on.
  static TableCell about(const Finding& found, TableCell cell) {
    cell.about = found.id;
    return cell;
  }
  TableCell verdict_cell(const StudyRow& row) const {
    const Finding& judged = verdict(row);
    TableCell cell = about(judged, findings::verdict_text(judged));
    cell.tone = tone_of(judged.judgement.verdict);
    return cell;
  }

  void mark_remark(const StudyRow& row, TableCell& cell) {
    const std::string remark = row_remark(row, verdict(row));
    if (!remark.empty()) cell.mark = Footnotes(table_).mark(remark);
  }

  void add_line(const StudyRow& row) {
    std::vector<TableCell> cells = {row.model_title, row.corpus_text()};
    size_t marked = 0;
    for (const ViewColumn& column : study_.view.columns) {
      const Finding& found = finding(row, column.quantity);
      if (column.paper) cells.push_back(about(found, paper_cell(row, column)));
      if (!column.here) continue;
      if (column.quantity == study_.view.verdict || marked == 0) marked = cells.size();
      cells.push_back(about(found, here_cell(row, column)));
    }
    mark_remark(row, cells[marked]);
    cells.push_back(verdict_cell(row));
    table_.add(std::move(cells), starts_new_model(study_, row));
  }

  // In a table of two lines a ratio carries its unit: there is no column that says it.
  std::string with_unit(const std::string& text, const std::string& id) const {
    if (unit(id) == "%" && !text.ends_with("%") && text != "-") return text + " %";
    return unit(id) == "x" && text != "-" ? text + "x" : text;
  }

  void add_two_lines(const StudyRow& row) {
    std::vector<TableCell> paper = {row.model_title, row.corpus_title + ", paper"};
    std::vector<TableCell> here = {
        TableCell::repeated(row.model_title),
        (row.stand_in.empty() ? row.corpus_title : row.stand_in) + ", here"};
    size_t marked = 0;
    for (const ViewColumn& column : study_.view.columns) {
      const Finding& found = finding(row, column.quantity);
      paper.push_back(
          about(found, {column.paper && found.paper
                            ? with_unit(paper_number(row, column.quantity), column.quantity)
                            : "-",
                        found.paper}));
      if (column.quantity == study_.view.verdict) marked = here.size();
      here.push_back(about(
          found, {found.here ? with_unit(short_number(found, column.quantity), column.quantity)
                  : column.quantity == study_.view.verdict ? found.here_text
                                                           : "-",
                  found.here}));
    }
    if (marked > 0) mark_remark(row, here[marked]);
    paper.push_back(TableCell::repeated(findings::verdict_text(verdict(row))));
    here.push_back(verdict_cell(row));
    table_.add(std::move(paper), starts_new_model(study_, row));
    table_.add(std::move(here));
  }

  // Three decimals of a loss, one of a perplexity: a narrow table's digits.
  std::string short_number(const Finding& found, const std::string& id) const {
    const std::string of = unit(id);
    if (of == "nats" || of == "bits") return sign_of(found) + findings::fixed(*found.here, 3);
    if (of == "ppl") return sign_of(found) + findings::fixed(*found.here, 1);
    return found.here_text;
  }

  const Study& study_;
  const std::vector<Finding>& found_;
  MoneyUnit money_;
  Table table_;
};

}  // namespace

bool shows_cents(const Study& study, const std::vector<Finding>& found) {
  double greatest = 0;
  for (const ViewColumn& column : study.view.columns)
    if (study.sources.claims.quantity(column.quantity)->unit == "USD")
      for (const StudyRow& row : study.rows)
        greatest = std::max(greatest,
                            findings::finding(found, study, row, column.quantity).here.value_or(0));
  return greatest > 0 && greatest < 1;
}

std::string Footnotes::mark(const std::string& text) {
  for (const Footnote& known : table_.footnotes)
    if (known.text == text) return known.mark;
  const size_t number = table_.footnotes.size();
  const std::string mark =
      number < 26 ? std::string(1, static_cast<char>('a' + number)) : std::to_string(number + 1);
  table_.footnotes.push_back({mark, text});
  return mark;
}

bool starts_new_model(const Study& study, const StudyRow& row) {
  return &row != &study.rows.front() && (&row - 1)->model != row.model;
}

Table make_view(const Study& study, const std::vector<Finding>& found) {
  if (study.view.layout == "scores") return make_scores_view(study, found);
  return ViewMaker(study, found).make();
}

}  // namespace repro::report
