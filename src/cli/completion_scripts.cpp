// Completion scripts of bash, zsh and fish, made of the command line's definitions.

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/command_tree.hpp"

namespace repro::cli {
namespace {

// In single quotes of a POSIX shell, or of fish.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

// What of a long description a line has room for.
std::string first_clause(const std::string& text) { return text.substr(0, text.find(';')); }

std::string last_word(const std::string& name) { return name.substr(name.rfind(' ') + 1); }

// The words that lead from one verb to another: "case" patterns of "VERB WORD".
std::string verb_patterns(const VerbInfo& root) {
  std::vector<std::string> patterns;
  for (const VerbInfo* verb : all_verbs(root))
    if (!verb->name.empty()) {
      const size_t space = verb->name.rfind(' ');
      const std::string parent = space == std::string::npos ? "" : verb->name.substr(0, space);
      patterns.push_back("\"" + parent + " " + last_word(verb->name) + "\"");
    }
  return join(patterns, "|");
}

std::vector<std::string> option_words(const VerbInfo& verb) {
  std::vector<std::string> words;
  for (const OptionInfo& option : verb.options)
    if (!option.positional) words.insert(words.end(), option.names.begin(), option.names.end());
  return words;
}

std::vector<std::string> verb_words(const VerbInfo& verb) {
  std::vector<std::string> words;
  for (const VerbInfo& one : verb.verbs) words.push_back(last_word(one.name));
  return words;
}

bool is_listed(const OptionInfo& option) {
  return !option.words.empty() && option.words != "folder" && option.words != "file";
}

// A command that prints the words of an option's value; "" where there are none to list.
std::string words_command(const OptionInfo& option) {
  if (!option.choices.empty()) return "echo " + quoted(join(option.choices, " "));
  return is_listed(option) ? "repro completion --list " + option.words + " 2>/dev/null" : "";
}

// "case" branches of "VERB:OPTION" by what the option's value is; `one` makes a branch's body.
template <typename Body>
std::string value_branches(const VerbInfo& root, const Body& one) {
  std::string out;
  for (const VerbInfo* verb : all_verbs(root))
    for (const OptionInfo& option : verb->options) {
      if (option.positional || !option.takes_value) continue;
      const std::string body = one(option);
      if (body.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names)
        patterns.push_back("\"" + verb->name + ":" + name + "\"");
      out += fmt::format("    {}) {}; return ;;\n", join(patterns, "|"), body);
    }
  return out;
}

std::string positional_words(const VerbInfo& verb) {
  std::string out;
  for (const OptionInfo& option : verb.options)
    if (option.positional)
      if (const std::string command = words_command(option); !command.empty())
        out += " $(" + command + ")";
  return out;
}

}  // namespace

std::string bash_completion(const VerbInfo& root) {
  std::string out =
      "# Completion of repro for bash: source <(repro completion bash)\n_repro() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' i words=''\n"
      "  COMPREPLY=()\n  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$verb ${COMP_WORDS[i]}\" in\n      " +
      verb_patterns(root) + ") verb=${verb:+$verb }${COMP_WORDS[i]} ;;\n    esac\n  done\n" +
      "  case \"$verb:$prev\" in\n";
  out += value_branches(root, [](const OptionInfo& option) -> std::string {
    if (const std::string command = words_command(option); !command.empty())
      return "COMPREPLY=($(compgen -W \"$(" + command + ")\" -- \"$cur\"))";
    return option.words == "folder" ? "COMPREPLY=($(compgen -d -- \"$cur\"))"
                                    : "COMPREPLY=($(compgen -f -- \"$cur\"))";
  });
  out += "  esac\n  case \"$verb\" in\n";
  for (const VerbInfo* verb : all_verbs(root)) {
    const std::string fixed = join(verb_words(*verb), " ") + " ";
    out += fmt::format("    \"{}\") words=\"{}{}\"\n      [[ $cur == -* ]] && words={} ;;\n",
                       verb->name, fixed, positional_words(*verb),
                       quoted(join(option_words(*verb), " ")));
  }
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
         "complete -o default -F _repro repro\n";
}

std::string zsh_completion(const VerbInfo& root) {
  std::string out =
      "#compdef repro\n# Completion of repro for zsh: source <(repro completion zsh)\n_repro() {\n"
      "  local verb='' prev=${words[CURRENT-1]} i\n  local -a described\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n    case \"$verb ${words[i]}\" in\n      " +
      verb_patterns(root) + ") verb=\"${verb:+$verb }${words[i]}\" ;;\n    esac\n  done\n" +
      "  case \"$verb:$prev\" in\n";
  out += value_branches(root, [](const OptionInfo& option) -> std::string {
    if (const std::string command = words_command(option); !command.empty())
      return "compadd -- $(" + command + ")";
    return option.words == "folder" ? "_files -/" : "_files";
  });
  out += "  esac\n  case \"$verb\" in\n";
  const auto described = [](const std::string& word, const std::string& text) {
    return quoted(word + ":" + first_clause(text));
  };
  for (const VerbInfo* verb : all_verbs(root)) {
    std::vector<std::string> items;
    for (const VerbInfo& one : verb->verbs)
      items.push_back(described(last_word(one.name), one.summary));
    for (const OptionInfo& option : verb->options)
      if (!option.positional) items.push_back(described(option.names.back(), option.description));
    const std::string more = positional_words(*verb);
    out += fmt::format("    \"{}\") described=({}){} ;;\n", verb->name, join(items, " "),
                       more.empty() ? "" : "; compadd --" + more);
  }
  return out +
         "  esac\n  _describe repro described\n  _files\n}\n"
         "if [ \"$funcstack[1]\" = _repro ]; then _repro \"$@\"; else compdef _repro repro; fi\n";
}

std::string fish_completion(const VerbInfo& root) {
  std::string out =
      "# Completion of repro for fish: repro completion fish | source\ncomplete -c repro -f\n";
  for (const VerbInfo* verb : all_verbs(root)) {
    std::string here = verb->name.empty() ? "__fish_use_subcommand" : "";
    for (const std::string& word : split(verb->name, ' '))
      if (!word.empty())
        here += (here.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + word;
    for (const VerbInfo& one : verb->verbs)
      out += fmt::format("complete -c repro -n {} -a {} -d {}\n", fish_quoted(here),
                         last_word(one.name), fish_quoted(first_clause(one.summary)));
    for (const OptionInfo& option : verb->options) {
      std::string line = "complete -c repro -n " + fish_quoted(here);
      const std::string command = words_command(option);
      if (option.positional && command.empty()) {
        if (option.words == "file") out += line + " -F\n";
        continue;
      }
      for (const std::string& name : option.names)
        if (!option.positional)
          line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.positional && option.takes_value)
        line += option.words == "file" || option.words == "folder" ? " -r -F" : " -x";
      if (!command.empty())
        line +=
            " -a " + fish_quoted("(" +
                                 (option.choices.empty()
                                      ? command
                                      : "string split ' ' " + quoted(join(option.choices, " "))) +
                                 ")");
      out += line + " -d " + fish_quoted(first_clause(option.description)) + "\n";
    }
  }
  return out;
}

}  // namespace repro::cli
