#pragma once
// A report: what a plan's runs say about the paper's claims. A pure function of run directories,
// claims, prices and profiles: no clock, no host name, and the same bytes for the same inputs. A
// run that is missing, unfinished or failed is shown as that, never as a number.

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "findings/finding.hpp"
#include "findings/study.hpp"
#include "report/card.hpp"

namespace repro::report {

enum class Format { markdown, html, latex, csv, json, figures };

struct ReportOptions {
  // "" = <runs>/reports/<experiment>-<scale>, of other settings or prices with 8 digits behind it.
  std::filesystem::path output = {};
  std::vector<Format> formats = {Format::markdown, Format::html, Format::latex,
                                 Format::csv,      Format::json, Format::figures};
  size_t width = 120;  // of the terminal text
  bool tones = false;  // mark its verdicts for whoever prints it (report/tone.hpp)
  // What would settle what is open: forecasts, which a report does not make. Empty = nobody says.
  std::function<std::vector<CardStep>(const findings::Study&,
                                      const std::vector<findings::Finding>&)>
      settle = {};
};

struct CellCounts {
  int64_t cells = 0;        // model x corpus
  int64_t measured = 0;     // all runs of every seed are done
  int64_t failed = 0;       // a run failed
  int64_t not_reached = 0;  // measured, but an arm did not reach the target (or spend the budget)
};

struct Report {
  std::string terminal;                     // the card and the table, ends with a newline
  std::string summary;                      // Markdown: the card and the table alone
  std::vector<findings::Finding> findings;  // every number, for `explain` and for gates
  CellCounts counts;
  std::vector<std::filesystem::path> files;  // written, report.html among them
};

// A finding by the convention of docs/tables.md: the same in report.json and of `explain`.
nlohmann::json to_json(const findings::Finding& finding);

// Writes report.md, report.html, report.tex, table.tex (the table alone, for \input), table.csv
// (every finding, a line each), report.json and the figures (SVG, PNG), and removes those that an
// earlier report left there. Error for a view that there is none of, a damaged run directory, or a
// folder that cannot be written.
Report render(const plan::Plan& plan, const findings::Sources& sources,
              const ReportOptions& options = {});

}  // namespace repro::report
