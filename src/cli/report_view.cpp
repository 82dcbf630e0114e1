#include "cli/report_view.hpp"

#include <fmt/format.h>

#include "base/file.hpp"

namespace repro::cli {

report::Report show_report(const Context& context, const run::Plan& plan, const std::string& prices,
                           const std::filesystem::path& output) {
  report::ReportOptions options =
      report::load_options(context.root(), plan.experiment, context.runs, prices);
  options.output = output;
  options.width = terminal_width();
  report::Report report = report::render(plan, options);
  if (!context.json) {
    fmt::print("{}", report.terminal);
    return report;
  }
  for (const std::filesystem::path& file : report.files)
    if (file.filename() == "report.json") fmt::print("{}", read_file(file));
  return report;
}

}  // namespace repro::cli
