#pragma once
// Renders a plan's report and shows it: what `run` and `report` share.

#include <string>

#include "cli/context.hpp"
#include "report/report.hpp"

namespace repro::cli {

struct ReportAsked {
  std::string prices = "paper";
  std::filesystem::path output = {};      // "" = a folder below runs/
  std::vector<std::string> formats = {};  // names of formats; empty = all
  std::string summary = {};               // "github": that on standard output instead of the page
  bool open = false;                      // show report.html to the user
};
// --prices, --output, --format, --summary and --open.
void add_report_options(CLI::App& verb, ReportAsked& asked);

// Writes the report's files and prints the terminal's page, or with --json report.json's content.
report::Report show_report(const Context& context, const ExperimentChoice& choice,
                           const plan::Plan& plan, const ReportAsked& asked);

}  // namespace repro::cli
