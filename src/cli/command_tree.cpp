#include "cli/command_tree.hpp"

#include <map>

#include "base/text.hpp"

namespace repro::cli {
namespace {

// What an option's words are, where the program can list them.
std::string words_of(const std::string& name) {
  static const std::map<std::string, std::string> kWords = {{"experiment", "experiments"},
                                                            {"--scale", "scales"},
                                                            {"--prices", "prices"},
                                                            {"--offers", "prices"},
                                                            {"--claims", "claims"},
                                                            {"claims", "claims"},
                                                            {"--low", "profiles"},
                                                            {"--high", "profiles"},
                                                            {"--profile", "profiles"},
                                                            {"profile", "profiles"},
                                                            {"runs", "runs"},
                                                            {"subject", "runs"},
                                                            {"run", "runs"},
                                                            {"corpora", "corpora"},
                                                            {"--runs", "folder"},
                                                            {"--root", "folder"},
                                                            {"--output", "file"},
                                                            {"file", "file"},
                                                            {"files", "file"}};
  const auto at = kWords.find(name);
  return at == kWords.end() ? "" : at->second;
}

// CLI11 shows what a value may be as "TEXT:{a,b,c}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{'), end = type.rfind('}');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  return split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionInfo option_info(const CLI::Option& option) {
  OptionInfo info;
  info.positional = option.get_positional();
  if (info.positional) {
    info.names = {option.get_name(/*positional=*/true)};
  } else {
    for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  }
  info.required = option.get_required();
  info.takes_value = option.get_items_expected_max() > 0;
  info.description = option.get_description();
  info.default_text = option.get_default_str();
  info.choices = choices_of(option);
  for (const std::string& name : info.names)
    if (info.words.empty()) info.words = words_of(name);
  return info;
}

void collect(const VerbInfo& verb, std::vector<const VerbInfo*>& all) {
  all.push_back(&verb);
  for (const VerbInfo& one : verb.verbs) collect(one, all);
}

}  // namespace

VerbInfo describe_commands(const CLI::App& app, const std::string& name) {
  VerbInfo verb{.name = name,
                .summary = app.get_description(),
                .footer = app.get_footer(),
                .options = {},
                .verbs = {}};
  for (const CLI::Option* option : app.get_options()) verb.options.push_back(option_info(*option));
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; }))
    verb.verbs.push_back(
        describe_commands(*one, name.empty() ? one->get_name() : name + " " + one->get_name()));
  return verb;
}

std::vector<const VerbInfo*> all_verbs(const VerbInfo& root) {
  std::vector<const VerbInfo*> all;
  collect(root, all);
  return all;
}

}  // namespace repro::cli
