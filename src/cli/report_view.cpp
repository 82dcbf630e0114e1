#include "cli/report_view.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <CLI/CLI.hpp>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "cli/printing.hpp"
#include "cli/settling.hpp"

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

const std::map<std::string, report::Format> kFormats = {
    {"markdown", report::Format::markdown}, {"html", report::Format::html},
    {"latex", report::Format::latex},       {"csv", report::Format::csv},
    {"json", report::Format::json},         {"figures", report::Format::figures}};

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) names.push_back(name);
  return names;
}

// What --open and --json need is written whatever was asked for.
std::vector<report::Format> formats_of(const Context& context, const ReportAsked& asked) {
  if (asked.formats.empty()) return report::ReportOptions{}.formats;
  std::vector<report::Format> formats;
  for (const std::string& name : asked.formats) formats.push_back(kFormats.at(name));
  if (asked.open) formats.push_back(report::Format::html);
  if (context.json) formats.push_back(report::Format::json);
  return formats;
}

// By whatever this desktop opens pages with; without any, where the page is.
void open_page(const report::Report& report) {
  for (const std::filesystem::path& file : report.files) {
    if (file.filename() != "report.html") continue;
    const char* browser = std::getenv("BROWSER");
    const std::string opener = browser != nullptr && *browser != '\0' ? browser : "xdg-open";
    if (!find_program(opener))
      throw Error(Exit::run_failed,
                  "--open: no program '{}' to open it with; set BROWSER, or open {} yourself",
                  opener, file.string());
    run_command({.words = {opener, std::filesystem::absolute(file).string()}});
  }
}

}  // namespace

void add_report_options(CLI::App& verb, ReportAsked& asked) {
  verb.add_option("--prices", asked.prices, "price snapshot of hardware_profiles/prices")
      ->capture_default_str();
  verb.add_option(
      "--output", asked.output,
      "folder to write to; default: <runs>/reports/<experiment>-<scale>, and 8 digits behind "
      "it of other settings or prices");
  verb.add_option("--format", asked.formats, "files to write, separated by commas; default: all")
      ->delimiter(',')
      ->check(CLI::IsMember(format_names()));
  verb.add_option("--summary", asked.summary,
                  "what a pull request needs, instead of the whole answer")
      ->check(CLI::IsMember({"github"}));
  verb.add_flag("--open", asked.open, "show report.html in a browser");
}

report::Report show_report(const Context& context, const ExperimentChoice& choice,
                           const plan::Plan& plan, const ReportAsked& asked) {
  say_unsealed_runs(context, plan);
  const findings::Sources sources =
      findings::load_sources(context.root(), plan, context.runs, asked.prices);
  report::ReportOptions options;
  options.output = asked.output;
  if (asked.output.empty() && !can_be_written(context.runs))
    options.output = folder_beside(context.runs);
  options.formats = formats_of(context, asked);
  options.width = terminal_width();
  options.tones = has_colour();
  options.settle = [&](const findings::Study& study, const std::vector<findings::Finding>& found) {
    return ways_to_settle(context, choice, asked.prices, study, found);
  };
  report::Report report = report::render(plan, sources, options);
  for (const std::filesystem::path& file : report.files) detail("wrote {}\n", file.string());
  if (!asked.summary.empty())
    say_text(report.summary);
  else if (!context.json)
    say_toned(report.terminal);
  else
    for (const std::filesystem::path& file : report.files)
      if (file.filename() == "report.json") say_text(read_file(file));
  if (asked.open) open_page(report);
  return report;
}

}  // namespace repro::cli
