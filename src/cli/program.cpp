#include "cli/program.hpp"

#include <sstream>

#include "cli/printing.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

constexpr const char* kSummary =
    "Does this training-cost claim hold, here, on this hardware, at these prices?";
constexpr const char* kFooter =
    "Begin with: repro run table3 --scale smoke\n"
    "Exit codes: 0 ok, 1 an audit found a contradiction, or with --gate two runs differ,\n"
    "2 a run failed or the answer could not be written, 3 with --gate a target is not reached,\n"
    "4 invalid input, 5 inconclusive, 6 nothing was measured, 7 a log of another program\n"
    "cannot be read, 64 usage, 130 interrupted";

}  // namespace

Program::Program() : app_(kSummary, "repro") {
  app_.require_subcommand(1);
  app_.footer(kFooter);
  app_.set_version_flag("--version", REPRO_VERSION);
  add_list(*this);
  add_plan(*this);
  add_run(*this);
  add_status(*this);
  add_report(*this);
  add_explain(*this);
  add_compare(*this);
  add_audit(*this);
  add_price(*this);
  add_decide(*this);
  add_profile(*this);
  add_data(*this);
  add_eval(*this);
  add_import_log(*this);
}

CLI::App& Program::add_verb(const std::string& name, const std::string& summary,
                            const std::string& examples) {
  return add_verb(app_, name, summary, examples);
}

CLI::App& Program::add_verb(CLI::App& parent, const std::string& name, const std::string& summary,
                            const std::string& examples) {
  CLI::App& verb = *parent.add_subcommand(name, summary);
  verb.add_option("--runs", context_.runs, "folder of the run directories")->capture_default_str();
  verb.add_option("--root", context_.root_option,
                  "folder that holds experiments/ and hardware_profiles/");
  verb.add_flag("--json", context_.json, "answer in JSON");
  verb.footer("Examples:\n" + examples);
  return verb;
}

void Program::on(CLI::App& verb, std::function<Exit()> action) {
  verb.callback([this, action = std::move(action)] { action_ = action; });
}

Exit Program::run(int argc, char** argv) {
  app_.parse(argc, argv);
  return action_();
}

Exit Program::report_usage(const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream text;  // --help and --version
    app_.exit(error, text, text);
    say("{}", text.str());
    return Exit::ok;
  }
  warn("repro: error: {}; see --help\n", error.what());
  return Exit::usage;
}

}  // namespace repro::cli
