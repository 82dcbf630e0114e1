#pragma once
// The command line as data, read from the definitions that parse it: verbs, options, what each
// takes. Completion scripts, man pages and spelling suggestions are made of it, so that they cannot
// say something else.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace repro::cli {

struct OptionInfo {
  std::vector<std::string> names;  // "--jobs", "-q"; of a positional argument its one name
  bool positional = false;
  bool required = false;
  bool takes_value = false;  // false: a flag
  std::string description;
  std::string default_text = {};          // "" = none
  std::vector<std::string> choices = {};  // all that it may be; empty = anything
  // What words it may be that are only known when asked: a kind of word_list(), "folder", "file".
  std::string words = {};
};

struct VerbInfo {
  std::string name;  // "data get"; "" of the program itself
  std::string summary;
  std::string footer;  // examples
  std::vector<OptionInfo> options;
  std::vector<VerbInfo> verbs;
};

VerbInfo describe_commands(const CLI::App& app, const std::string& name = "");

// Every verb below, depth first, the first the program itself.
std::vector<const VerbInfo*> all_verbs(const VerbInfo& root);

// Bytes of a script that completes the program's words.
std::string bash_completion(const VerbInfo& root);
std::string zsh_completion(const VerbInfo& root);
std::string fish_completion(const VerbInfo& root);

// A man page in section 1: of a verb with the verbs below it, of the program with all of them.
std::string man_page(const VerbInfo& root, const VerbInfo& verb);
std::string man_name(const VerbInfo& verb);  // "repro-data"

}  // namespace repro::cli
