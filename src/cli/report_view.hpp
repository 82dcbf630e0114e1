#pragma once
// Renders a plan's report and shows it: what `run` and `report` share.

#include <string>

#include "cli/context.hpp"
#include "report/report.hpp"

namespace repro::cli {

// Writes the report's files and prints the terminal's page, or with --json report.json's content.
report::Report show_report(const Context& context, const plan::Plan& plan,
                           const std::string& prices, const std::filesystem::path& output = {});

}  // namespace repro::cli
