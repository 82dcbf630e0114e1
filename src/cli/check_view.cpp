#include "cli/check_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/junit.hpp"
#include "cli/printing.hpp"

namespace repro::cli {
namespace {

using checks::Row;
using checks::Verdict;
using nlohmann::json;
using report::Table;

bool is_quiet(const Row& row) { return row.verdict == Verdict::ok; }

std::vector<Row> rows_where(const std::vector<Row>& rows, const auto& which) {
  std::vector<Row> chosen;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(chosen), which);
  return chosen;
}

const char* word_of(Exit exit) {
  switch (exit) {
    case Exit::ok:
      return "ok";
    case Exit::regression:
      return "regression";
    case Exit::run_failed:
      return "a run failed";
    case Exit::inconclusive:
      return "inconclusive";
    case Exit::interrupted:
      return "interrupted";
    default:
      return "nothing measured";
  }
}

json row_json(const Row& row) {
  json object = {{"training", row.training}, {"quantity", row.quantity},
                 {"lane", name(row.lane)},   {"golden_text", row.golden},
                 {"now_text", row.now},      {"tolerance_text", row.tolerance},
                 {"golden", nullptr},        {"now", nullptr},
                 {"tolerance", nullptr},     {"verdict", name(row.verdict)},
                 {"reason", row.reason},     {"advisory", row.advisory}};
  const auto put = [&](const char* key, const std::optional<double>& value) {
    if (value && std::isfinite(*value)) object[key] = *value;
  };
  put("golden", row.golden_value);
  put("now", row.now_value);
  put("tolerance", row.tolerance_value);
  return object;
}

void add_section(std::string& text, const std::string& heading, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  text += fmt::format("\n#### {}\n\n{}", heading, report::to_markdown(check_table(rows, "")));
}

// With so many of the rows that ask for something, and the rest folded or left out.
std::string summary_of(const Checked& checked, size_t most_rows, bool folded) {
  const auto& all = checked.rows;
  std::string text = fmt::format("**repro check {}** {}\n", report::escape_markdown(checked.name),
                                 report::escape_markdown(status_line(checked)));
  for (const std::string& warning : checked.warnings)
    text += "\n- " + report::escape_markdown(printable_line(warning));
  if (!checked.warnings.empty()) text += "\n";
  std::vector<Row> changed = rows_where(all, [](const Row& row) {
    return row.verdict == Verdict::regression || row.verdict == Verdict::suspect || row.failed;
  });
  const size_t left_out = changed.size() - std::min(changed.size(), most_rows);
  changed.resize(changed.size() - left_out);
  add_section(text, "Changed: to be looked at", changed);
  if (left_out > 0) text += fmt::format("\n{} more rows are left out here.\n", left_out);
  if (folded) {
    add_section(text, "Unstable: too noisy to say",
                rows_where(all, [](const Row& row) { return row.verdict == Verdict::unstable; }));
    const std::vector<Row> rest = rows_where(all, [](const Row& row) {
      return is_quiet(row) || row.verdict == Verdict::not_comparable ||
             (row.verdict == Verdict::nothing_measured && !row.failed);
    });
    text += fmt::format(
        "\n<details><summary>{} rows that ask for nothing</summary>\n\n{}\n</details>\n",
        rest.size(), report::to_markdown(check_table(rest, "")));
  } else {
    text += "\nThe other rows are left out: the summary would be too long.\n";
  }
  for (const std::string& note : checked.notes)
    text += "\n" + report::escape_markdown(printable_line(note)) + "\n";
  text += fmt::format("\nAgain: `{}`\n", printable_line(checked.command));
  return text;
}

// So that whoever posts it as a comment finds his own.
std::string tag_of(const Checked& checked) {
  std::string name;
  for (const char c : checked.name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_') name += c;
  return fmt::format("\n<!-- repro-check {} -->\n", name);
}

void append_summary(const Checked& checked) {
  const char* given = std::getenv("GITHUB_STEP_SUMMARY");
  if (given == nullptr || *given == '\0') return;
  constexpr uintmax_t kLimit = 1 << 20;
  try {
    std::error_code absent;
    const uintmax_t before = fs::file_size(given, absent);
    const uintmax_t used = absent ? 0 : std::min(before, kLimit);
    LineWriter(given).write(check_markdown(checked, static_cast<size_t>(kLimit - used)));
  } catch (const Error& error) {
    warn("repro: {}; the job's summary is not written\n", error.what());
  }
}

void show_on_terminal(const Checked& checked, bool all) {
  constexpr size_t kMostRows = 40;
  for (const std::string& warning : checked.warnings) say("{}\n", printable_line(warning));
  const bool whole = all || checked.rows.size() <= kMostRows;
  const std::vector<Row> shown =
      whole ? checked.rows : rows_where(checked.rows, [](const Row& row) {
        return !is_quiet(row) || !row.reason.empty();
      });
  if (!shown.empty()) print(check_table(shown, "check " + checked.name));
  if (shown.size() < checked.rows.size())
    say("{} {}rows are ok; --all shows them\n", checked.rows.size() - shown.size(),
        shown.empty() ? "" : "more ");
  for (const std::string& note : checked.notes) say("{}\n", printable_line(note));
  say("{}: {}\n", checked.name, status_line(checked));
}

}  // namespace

std::string status_line(const Checked& checked) {
  std::string text =
      fmt::format("{}: {}", word_of(checked.exit), checks::counts_text(checked.rows));
  if (checked.cleared > 0)
    text += fmt::format("; {} suspect at first, cleared by other seeds", checked.cleared);
  return text;
}

Table check_table(const std::vector<Row>& rows, const std::string& title) {
  using report::Align;
  Table table{.title = title,
              .columns = {{.heading = "metric", .align = Align::left},
                          {.heading = "golden"},
                          {.heading = "now"},
                          {.heading = "tolerance"},
                          {.heading = "lane", .align = Align::left},
                          {.heading = "verdict", .align = Align::left}}};
  std::map<std::string, std::string> marks;  // reason -> mark
  for (const Row& row : rows) {
    report::TableCell verdict{std::string(name(row.verdict))};
    if (!row.reason.empty() && !is_quiet(row)) {
      const auto [at, is_new] = marks.try_emplace(row.reason, std::to_string(marks.size() + 1));
      if (is_new) table.footnotes.push_back({at->second, printable_line(row.reason)});
      verdict.mark = at->second;
    }
    table.add({row.metric(),
               {row.golden, row.golden_value},
               {row.now, row.now_value},
               {row.tolerance, row.tolerance_value},
               std::string(name(row.lane)),
               verdict});
  }
  return table;
}

json check_json(const Checked& checked) {
  json rows = json::array();
  for (const Row& row : checked.rows) rows.push_back(row_json(row));
  return {{"name", checked.name},
          {"status", status_line(checked)},
          {"exit", static_cast<int>(checked.exit)},
          {"warnings", checked.warnings},
          {"rows", rows},
          {"notes", checked.notes},
          {"cleared", checked.cleared},
          {"command", checked.command},
          {"seconds", checked.seconds}};
}

std::string check_markdown(const Checked& checked, size_t most) {
  const std::string tag = tag_of(checked);
  const bool nothing = checked.exit == Exit::ok && checked.cleared == 0 && checked.warnings.empty();
  if (nothing) {
    const std::string line =
        fmt::format("**repro check {}** {}\n{}", report::escape_markdown(checked.name),
                    report::escape_markdown(status_line(checked)), tag);
    return line.size() < most ? line : "";
  }
  std::string text = summary_of(checked, checked.rows.size(), true) + tag;
  for (size_t rows = checked.rows.size(); text.size() >= most && rows > 0; rows /= 2)
    text = summary_of(checked, rows, false) + tag;
  // The cut may go through a character.
  if (text.size() >= most) text = well_formed(summary_of(checked, 0, false).substr(0, most / 2));
  return text.size() < most ? text : "";
}

void show_checked(const Context& context, const Checked& checked, const OutputChoice& output) {
  if (!output.junit.empty())
    write_file_atomically(output.junit, checks::to_junit("repro check " + checked.name,
                                                         checked.rows, checked.seconds));
  if (!output.markdown.empty()) write_file_atomically(output.markdown, check_markdown(checked));
  append_summary(checked);
  if (context.json)
    print(check_json(checked));
  else
    show_on_terminal(checked, output.all);
}

}  // namespace repro::cli
