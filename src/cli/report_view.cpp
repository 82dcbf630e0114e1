#include "cli/report_view.hpp"

#include <fmt/format.h>

#include "base/file.hpp"

namespace repro::cli {

report::Report show_report(const Context& context, const plan::Plan& plan,
                           const std::string& prices, const std::filesystem::path& output) {
  const findings::Sources sources =
      findings::load_sources(context.root(), plan, context.runs, prices);
  report::ReportOptions options;
  options.output = output;
  options.width = terminal_width();
  report::Report report = report::render(plan, sources, options);
  if (!context.json) {
    fmt::print("{}", report.terminal);
    return report;
  }
  for (const std::filesystem::path& file : report.files)
    if (file.filename() == "report.json") fmt::print("{}", read_file(file));
  return report;
}

}  // namespace repro::cli
