#include "cli/report_view.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "cli/printing.hpp"

namespace repro::cli {

namespace {

// A folder that is not there is made by who writes into it.
bool can_be_written(const std::filesystem::path& folder) {
  return !std::filesystem::exists(folder) || ::access(folder.c_str(), W_OK) == 0;
}

// Where the files go when the runs folder takes none: a new one, which stays.
std::filesystem::path folder_beside(const std::filesystem::path& runs) {
  const std::string why = std::strerror(errno);
  std::string name = (std::filesystem::temp_directory_path() / "repro-report-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail_with_system(name, "create", errno);
  warn("repro: {}: cannot be written: {}; the report's files are in {}\n", runs.string(), why,
       name);
  return name;
}

}  // namespace

report::Report show_report(const Context& context, const plan::Plan& plan,
                           const std::string& prices, const std::filesystem::path& output) {
  say_unsealed_runs(context, plan);
  const findings::Sources sources =
      findings::load_sources(context.root(), plan, context.runs, prices);
  report::ReportOptions options;
  options.output = output;
  if (output.empty() && !can_be_written(context.runs)) options.output = folder_beside(context.runs);
  options.width = terminal_width();
  report::Report report = report::render(plan, sources, options);
  if (!context.json) {
    say_text(report.terminal);
    return report;
  }
  for (const std::filesystem::path& file : report.files)
    if (file.filename() == "report.json") say_text(read_file(file));
  return report;
}

}  // namespace repro::cli
