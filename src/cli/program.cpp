#include "cli/program.hpp"

#include <fmt/format.h>

#include <sstream>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/printing.hpp"
#include "cli/verbs.hpp"

namespace repro::cli {
namespace {

constexpr const char* kSummary =
    "Does this training-cost claim hold, here, on this hardware, at these prices?";
constexpr const char* kFooter =
    "Begin with: repro run table3 --scale smoke\n"
    "Exit codes: 0 ok, 1 an audit found a contradiction, with --gate two runs differ, or a check\n"
    "confirmed a regression, 2 a run failed or the answer could not be written, 3 with --gate a\n"
    "target is not reached, 4 invalid input, 5 inconclusive, 6 nothing was measured,\n"
    "7 a log cannot be read or breaks a rule, 64 usage, 130 interrupted";

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
  add_check(*this);
  add_golden(*this);
  add_history(*this);
  add_audit(*this);
  add_price(*this);
  add_decide(*this);
  add_profile(*this);
  add_data(*this);
  add_eval(*this);
  add_import(*this);
  add_export(*this);
  add_new(*this);
  add_completion(*this);
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
  verb.add_option("--color", colour_, "colours of verdicts; auto: on a terminal, without NO_COLOR")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  CLI::Option* quiet =
      verb.add_flag("-q,--quiet", quiet_, "no progress and no remarks, errors alone");
  verb.add_flag("-v,--verbose", verbose_, "also what is read, started and written")
      ->excludes(quiet);
  verb.footer("Examples:\n" + examples);
  return verb;
}

void Program::on(CLI::App& verb, std::function<Exit()> action) {
  verb.callback([this, action = std::move(action)] { action_ = action; });
}

Exit Program::run(int argc, char** argv) {
  require_known_verbs(argc, argv);
  app_.parse(argc, argv);
  use_colour(colour_);
  set_talk(quiet_ ? Talk::quiet : verbose_ ? Talk::verbose : Talk::usual);
  return action_();
}

namespace {

std::vector<const CLI::App*> verbs_below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Of the option that this word is; null where it is none.
const CLI::Option* option_of(const CLI::App& app, const std::string& word) {
  for (const CLI::Option* option : app.get_options())
    if (word.starts_with("-") && option->check_name(word)) return option;
  return nullptr;
}

// The app below that the word names, or null where words are not verbs here. Error otherwise.
const CLI::App* verb_named(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* verb : verbs_below(app)) {
    if (verb->get_name() == word) return verb;
    names.push_back(verb->get_name());
  }
  if (app.get_require_subcommand_min() == 0) return nullptr;
  throw Error(Exit::usage, "no verb '{}'{}; there are: {}; see --help", word,
              did_you_mean(word, names), join(names, ", "));
}

}  // namespace

void Program::require_known_verbs(int argc, char** argv) const {
  const CLI::App* app = &app_;
  for (int i = 1; i < argc && app != nullptr && !verbs_below(*app).empty(); ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) {
      const CLI::Option* option = option_of(*app, word);
      if (option != nullptr && option->get_items_expected_max() > 0) ++i;
      continue;
    }
    app = verb_named(*app, word);
  }
}

std::string Program::unknown_words() const {
  const CLI::App* app = &app_;
  std::string verb = "repro";
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    verb += " " + app->get_name();
  }
  std::vector<std::string> options, parts;
  for (const CLI::Option* option : app->get_options())
    for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
  for (const std::string& word : app_.remaining(/*recurse=*/true)) {
    const std::string name = word.substr(0, word.find('='));
    if (word.starts_with("-"))
      parts.push_back(fmt::format("no option '{}'{}", name, did_you_mean(name, options)));
    else
      parts.push_back(fmt::format("'{}' is one word too many", word));
  }
  return parts.empty() ? "" : verb + ": " + join(parts, "; ");
}

Exit Program::report_usage(const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream text;  // --help and --version
    app_.exit(error, text, text);
    say("{}", text.str());
    return Exit::ok;
  }
  const bool extra = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const std::string unknown = extra ? unknown_words() : "";
  warn("repro: error: {}; see --help\n", printable_line(unknown.empty() ? error.what() : unknown));
  return Exit::usage;
}

}  // namespace repro::cli
