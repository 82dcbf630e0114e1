// Man pages, made of the command line's definitions.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/command_tree.hpp"

namespace repro::cli {
namespace {

// A backslash and a leading dot or quote steer roff; a bare hyphen may be shown as another sign.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return !out.empty() && (out[0] == '.' || out[0] == '\'') ? "\\&" + out : out;
}

std::string roff_lines(const std::string& text) {
  std::string out;
  for (const std::string& line : split(text, '\n')) out += roff(line) + "\n";
  return out;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string value_name(const OptionInfo& option) {
  if (!option.choices.empty()) return join(option.choices, "|");
  const std::string& name = option.names.back();
  return upper(name.substr(name.find_first_not_of('-')));
}

std::string option_entry(const OptionInfo& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back("\\fB" + roff(name) + "\\fR");
  std::string out = ".TP\n" + (option.positional ? "\\fI" + roff(option.names.front()) + "\\fR"
                                                 : join(names, ", "));
  if (!option.positional && option.takes_value) out += " \\fI" + roff(value_name(option)) + "\\fR";
  out += "\n" + roff(option.description);
  if (!option.default_text.empty()) out += " (" + roff(option.default_text) + ")";
  return out + "\n";
}

std::string synopsis(const VerbInfo& verb) {
  std::string out = ".B repro" + (verb.name.empty() ? "" : " " + roff(verb.name)) + "\n";
  if (!verb.verbs.empty()) out += "\\fIVERB\\fR\n";
  for (const OptionInfo& option : verb.options)
    if (option.positional)
      out += (option.required ? "\\fI" : "[\\fI") + roff(option.names.front()) +
             (option.required ? "\\fR\n" : "\\fR]\n");
  return out + "[\\fIoptions\\fR]\n";
}

std::string options_of(const VerbInfo& verb) {
  std::string out;
  for (const bool positional : {true, false})
    for (const OptionInfo& option : verb.options)
      if (option.positional == positional) out += option_entry(option);
  return out;
}

std::string footer_of(const VerbInfo& verb) {
  if (verb.footer.empty()) return "";
  return ".SH NOTES\n.nf\n" + roff_lines(verb.footer) + ".fi\n";
}

}  // namespace

std::string man_name(const VerbInfo& verb) {
  std::string name = "repro";
  for (const std::string& word : split(verb.name, ' '))
    if (!word.empty()) name += "-" + word;
  return name;
}

std::string man_page(const VerbInfo& root, const VerbInfo& verb) {
  std::string out = fmt::format(".TH {} 1 \"\" \"repro {}\" \"repro\"\n.SH NAME\n{} \\- {}\n",
                                upper(roff(man_name(verb))), REPRO_VERSION, roff(man_name(verb)),
                                roff(verb.summary));
  out += ".SH SYNOPSIS\n" + synopsis(verb);
  if (!verb.verbs.empty()) {
    out += ".SH VERBS\n";
    for (const VerbInfo& one : verb.verbs)
      out += ".TP\n\\fB" + roff(man_name(one)) + "\\fR(1)\n" + roff(one.summary) + "\n";
  }
  out += ".SH OPTIONS\n" + options_of(verb) + footer_of(verb);
  return &verb == &root ? out : out + ".SH SEE ALSO\n.BR repro (1)\n";
}

}  // namespace repro::cli
