#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>

#include "base/file.hpp"
#include "base/text.hpp"
#include "claims/claims.hpp"
#include "cli/command_tree.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/verbs.hpp"
#include "config/corpus.hpp"
#include "config/library.hpp"
#include "config/prices.hpp"
#include "config/profile.hpp"

namespace repro::cli {
namespace {

struct CompletionChoice {
  std::string shell;
  std::string list;
  fs::path output;
};

using WordLists = std::map<std::string, std::function<std::vector<std::string>(const Context&)>>;

// What a shell may ask for while a line is typed.
const WordLists& word_lists() {
  static const WordLists kLists = {
      {"experiments", [](const Context& c) { return config::experiment_names(c.root()); }},
      {"scales", [](const Context& c) { return config::scale_names(c.root()); }},
      {"prices", [](const Context& c) { return config::price_names(c.root()); }},
      {"claims", [](const Context& c) { return claims::claims_names(c.root()); }},
      {"profiles", [](const Context& c) { return config::profile_names(c.root()); }},
      {"corpora", [](const Context& c) { return config::corpus_names(c.root()); }},
      {"runs", [](const Context& c) { return run_names(c.runs); }}};
  return kLists;
}

void give(const fs::path& output, const std::string& text) {
  if (output.empty())
    say_text(text);
  else
    write_file_atomically(output, text);
}

Exit complete(const Program& program, const CompletionChoice& choice) {
  if (!choice.list.empty()) {
    for (const std::string& word : word_lists().at(choice.list)(program.context()))
      say("{}\n", word);
    return Exit::ok;
  }
  const VerbInfo root = describe_commands(program.app());
  if (choice.shell.empty()) throw Error(Exit::usage, "completion: which shell? bash, zsh or fish");
  give(choice.output, choice.shell == "bash"  ? bash_completion(root)
                      : choice.shell == "zsh" ? zsh_completion(root)
                                              : fish_completion(root));
  return Exit::ok;
}

struct ManChoice {
  std::vector<std::string> verb;
  fs::path output;
};

Exit show_man(const Program& program, const ManChoice& choice) {
  const VerbInfo root = describe_commands(program.app());
  const std::vector<const VerbInfo*> verbs = all_verbs(root);
  if (!choice.output.empty()) {
    make_directories(choice.output);
    for (const VerbInfo* verb : verbs)
      write_file_atomically(choice.output / (man_name(*verb) + ".1"), man_page(root, *verb));
    return Exit::ok;
  }
  const std::string name = join(choice.verb, " ");
  std::vector<std::string> names;
  for (const VerbInfo* verb : verbs) {
    if (verb->name == name) {
      say_text(man_page(root, *verb));
      return Exit::ok;
    }
    names.push_back(verb->name);
  }
  throw Error(Exit::usage, "man: no verb '{}'{}", name, did_you_mean(name, names));
}

std::vector<std::string> list_names() {
  std::vector<std::string> names;
  for (const auto& [name, list] : word_lists()) names.push_back(name);
  return names;
}

}  // namespace

void add_completion(Program& program) {
  CLI::App& verb = program.add_verb("completion", "words that a shell completes: bash, zsh, fish",
                                    "  source <(repro completion bash)\n"
                                    "  repro completion fish | source\n"
                                    "`cmake --install` puts all three where shells look for them.");
  auto choice = std::make_shared<CompletionChoice>();
  verb.add_option("shell", choice->shell, "whose script to print")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb.add_option("--list", choice->list, "the names that there are of one kind, one a line")
      ->check(CLI::IsMember(list_names()));
  verb.add_option("--output", choice->output, "file to write instead");
  program.on(verb, [&program, choice] { return complete(program, *choice); });

  CLI::App& man =
      program.add_verb("man", "manual pages, made of these definitions",
                       "  repro man run | man -l -\n  repro man --output share/man/man1");
  auto asked = std::make_shared<ManChoice>();
  man.add_option("verb", asked->verb, "one of the verbs; default: the program itself")
      ->expected(0, 2);
  man.add_option("--output", asked->output, "folder to write all pages to instead");
  program.on(man, [&program, asked] { return show_man(program, *asked); });
}

}  // namespace repro::cli
