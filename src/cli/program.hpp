#pragma once
// The command line as a whole: verbs are added to it, it parses, and it runs the one that was
// chosen.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "cli/context.hpp"

namespace repro::cli {

class Program {
 public:
  Program();

  // A verb with --runs, --root and --json; `examples` end its --help, one a line.
  CLI::App& add_verb(const std::string& name, const std::string& summary,
                     const std::string& examples);
  // A verb of a verb: `repro data list`.
  CLI::App& add_verb(CLI::App& parent, const std::string& name, const std::string& summary,
                     const std::string& examples);
  // What the verb does when it is chosen; called after everything is parsed.
  void on(CLI::App& verb, std::function<Exit()> action);

  // Throws CLI::ParseError for a usage error (and for --help), Error for what the verb found wrong.
  Exit run(int argc, char** argv);
  // Prints what a CLI::ParseError means and returns the exit code: 0 for --help, else 64.
  Exit report_usage(const CLI::ParseError& error);

  const Context& context() const { return context_; }
  const CLI::App& app() const { return app_; }

 private:
  // Error with the nearest name where a word should have been a verb.
  void require_known_verbs(int argc, char** argv) const;
  std::string unknown_words() const;  // that parsing left over, with the nearest option of each

  Context context_;
  CLI::App app_;
  std::string colour_ = "auto";
  bool quiet_ = false, verbose_ = false;
  std::function<Exit()> action_;
};

}  // namespace repro::cli
