#include "cli/run_names.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::cli {

std::vector<std::string> run_names(const std::filesystem::path& runs) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(runs)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(runs))
    if (std::filesystem::exists(run::RunDirectory(entry.path()).job_file()))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// A directory, its name below runs/, or a beginning of it that only one run has.
run::RunDirectory find_run(const Context& context, const std::string& subject) {
  const run::RunDirectory given{std::filesystem::path(subject)};
  if (std::filesystem::exists(given.job_file())) return given;
  std::vector<std::string> matches;
  const std::vector<std::string> names = run_names(context.runs);
  for (const std::string& name : names)
    if (name.starts_with(subject)) matches.push_back(name);
  if (matches.size() == 1) return run::RunDirectory(context.runs / matches[0]);
  if (matches.size() > 1)
    throw Error("{}: '{}' names {} runs: {}; give more of the name", context.runs.string(), subject,
                matches.size(), join(matches, ", "));
  throw Error("{}: no run '{}'{}", context.runs.string(), subject, did_you_mean(subject, names));
}

const char* state_text(run::State state) {
  switch (state) {
    case run::State::absent:
      return "not started";
    case run::State::started:
      return "unfinished";
    case run::State::done:
      return "done";
    case run::State::failed:
      return "failed";
  }
  return "";
}

}  // namespace repro::cli
