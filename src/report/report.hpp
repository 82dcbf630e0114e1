#pragma once
// A report: what a plan's runs say about the paper's claims. A pure function of run directories,
// claims, prices and profiles: no clock, no host name, and the same bytes for the same inputs. A
// run that is missing, unfinished or failed is shown as that, never as a number.

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/claims.hpp"
#include "config/prices.hpp"
#include "config/profile.hpp"
#include "report/finding.hpp"
#include "run/plan.hpp"

namespace repro::report {

enum class Format { markdown, html, latex, csv, json, figures };

struct ReportOptions {
  std::filesystem::path runs;         // holds the run directories
  std::filesystem::path output = {};  // "" = <runs>/reports/<experiment>-<scale>
  std::vector<Format> formats = {Format::markdown, Format::html, Format::latex,
                                 Format::csv,      Format::json, Format::figures};
  config::Claims claims = {};
  config::PriceSnapshot prices = {};
  std::map<std::string, config::Profile> profiles = {};  // those that the experiment names
  std::optional<config::Profile> machine = {};           // where the runs ran: peaks for MFU
  size_t width = 120;                                    // of the terminal text
};

// Claims, prices and profiles that the experiment names, from their files under `root`. `prices`
// names a snapshot; the machine is "cpu", or the full arm's profile when training on GPUs.
ReportOptions load_options(const std::filesystem::path& root, const config::Experiment& experiment,
                           const std::filesystem::path& runs, const std::string& prices = "paper");

struct Counts {
  int64_t cells = 0;        // model x corpus
  int64_t measured = 0;     // all runs of every seed are done
  int64_t failed = 0;       // a run failed
  int64_t not_reached = 0;  // measured, but the target loss was not reached
};

struct Report {
  std::string terminal;           // one screen, ends with a newline
  std::vector<Finding> findings;  // every number, for `explain` and for gates
  Counts counts;
  std::vector<std::filesystem::path> files;  // written, report.html among them
};

// Writes report.md, report.html, report.tex, table.csv (every finding, a line each), report.json
// and the figures (SVG, PNG). Error for an unknown view, a damaged run directory, or a folder that
// cannot be written.
Report render(const run::Plan& plan, const ReportOptions& options);

// The findings alone: reads, writes nothing.
std::vector<Finding> find(const run::Plan& plan, const ReportOptions& options);

}  // namespace repro::report
