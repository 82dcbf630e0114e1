#pragma once
// `repro check log FILE`: does a log keep MLPerf's rules?

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/error.hpp"
#include "cli/context.hpp"

namespace repro::cli {

class Program;

class LogCheck {
 public:
  bool chosen() const { return verb != nullptr && verb->parsed(); }
  // Exit bad_log when the log breaks a rule, or with `strict` when it warns.
  Exit run(const Context& context) const;

  CLI::App* verb = nullptr;
  std::filesystem::path file;
  bool strict = false;
};

// As a verb of `check`.
std::shared_ptr<LogCheck> add_check_log(Program& program, CLI::App& check);

}  // namespace repro::cli
