#pragma once
// What every verb shares: where inputs and runs are, whether a machine reads the answer, and how an
// experiment is named on the command line.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "report/table.hpp"

namespace CLI {
class App;
}

namespace repro::cli {

struct Context {
  std::filesystem::path runs = "runs";
  std::optional<std::filesystem::path> root_option;
  bool json = false;

  // The folder of experiments/ and hardware_profiles/; Error when there is none.
  std::filesystem::path root() const;
  // Where a verb writes a corpus or a profile of the user's: --root if given, else the user's own
  // library. A checkout is written into only when it is named.
  std::filesystem::path own_library() const;
};

// "EXPERIMENT --scale mini --set match.batch=8 --seeds 3"
struct ExperimentChoice {
  std::string name = {};
  std::string scale = "mini";
  std::vector<std::string> settings = {};
  int64_t seeds = 0;                   // 0 = the manifest's
  std::vector<std::string> only = {};  // cells, models or corpora; empty = all

  std::string text() const;  // as the user would type it
};

// The options of a choice, without the name.
void add_choice_options(CLI::App& verb, ExperimentChoice& choice);
// The name as well, as the first positional argument.
void add_experiment(CLI::App& verb, ExperimentChoice& choice, bool required = true);

// Error with every problem of the manifest at once.
plan::Plan load_plan(const Context& context, const ExperimentChoice& choice);

// One line on standard error when the runs folder holds runs of another schema.
void say_foreign_runs(const Context& context);
// One line on standard error when some of these directories of the runs folder, or of a plan's
// jobs, ended before runs were sealed: changes to their files are not noticed.
void say_unsealed_runs(const std::filesystem::path& runs,
                       const std::vector<std::string>& directories);
void say_unsealed_runs(const Context& context, const plan::Plan& plan);

// To standard output.
void print(const report::Table& table);
void print(const nlohmann::json& value);
bool is_terminal(int descriptor = 1);
// Columns of the terminal behind a file descriptor, 120 where there is none.
size_t terminal_width(int descriptor = 1);

}  // namespace repro::cli
