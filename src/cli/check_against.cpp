#include "cli/check_against.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "check/compare.hpp"
#include "check/observed_files.hpp"
#include "check/observed_runs.hpp"
#include "check/step_time.hpp"
#include "run/comparison.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

using checks::Golden;
using checks::Observations;
using checks::Row;
using checks::Verdict;

constexpr int64_t kWindow = 50;  // steps; a shorter run's final loss is over a tenth of it

bool holds_runs(const fs::path& path) {
  if (fs::exists(run::RunDirectory(path).job_file())) return true;
  if (!fs::is_directory(path)) return false;
  for (const auto& entry : fs::directory_iterator(path))
    if (fs::exists(run::RunDirectory(entry.path()).job_file())) return true;
  return false;
}

std::vector<fs::path> files_in(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path))
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with("."))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

int64_t last_step(const Observations& observed) {
  int64_t last = 0;
  for (const auto& [name, ensemble] : observed.trainings)
    for (const auto& [seed, member] : ensemble)
      if (const auto loss = member.series.find("loss");
          loss != member.series.end() && !loss->second.steps.empty())
        last = std::max(last, loss->second.steps.back());
  return last;
}

// One training on either side is compared whatever the names.
void use_one_name(Observations& base, Observations& fresh) {
  if (base.trainings.size() != 1 || fresh.trainings.size() != 1) return;
  auto other = fresh.trainings.extract(fresh.trainings.begin());
  other.key() = base.trainings.begin()->first;
  fresh.trainings.insert(std::move(other));
}

// One seed on either side is one pair.
void use_one_seed(const Observations& base, Observations& fresh) {
  for (auto& [name, ensemble] : fresh.trainings) {
    const auto there = base.trainings.find(name);
    if (there == base.trainings.end() || there->second.size() != 1 || ensemble.size() != 1)
      continue;
    auto only = ensemble.extract(ensemble.begin());
    only.key() = there->second.begin()->first;
    ensemble.insert(std::move(only));
  }
}

// Why two runs are not of one experiment: the first of their inputs that differs; "" = they are.
std::string unlike_settings(const checks::Member& base, const checks::Member& fresh) {
  if (base.directory.empty() || fresh.directory.empty()) return "";
  const auto job_of = [](const checks::Member& member) {
    return parse_json(read_file(run::RunDirectory(member.directory).job_file()));
  };
  if (job_of(base).value("kind", "") == "import" || job_of(fresh).value("kind", "") == "import")
    return "";
  const auto difference =
      run::compare_runs(run::RunDirectory(base.directory), run::RunDirectory(fresh.directory));
  for (const run::RunDifference& input : difference.inputs)
    if (!input.where.starts_with("execution"))
      return fmt::format("{}: {} | {}", input.where, input.first, input.second);
  return "";
}

// Takes runs without a result out of BASE; a row each says so, for what was to be compared with
// them is not.
std::vector<Row> take_failed(Observations& base) {
  std::vector<Row> rows;
  for (auto& [name, ensemble] : base.trainings)
    for (const auto& [seed, member] : ensemble)
      if (!member.failure.empty())
        rows.push_back({.training = name,
                        .quantity = "all",
                        .golden = "missing",
                        .now = "not compared",
                        .verdict = Verdict::nothing_measured,
                        .reason = fmt::format("BASE, seed {}: {}", seed, member.failure),
                        .failed = true});
  for (auto& [name, ensemble] : base.trainings)
    std::erase_if(ensemble, [](const auto& one) { return !one.second.failure.empty(); });
  std::erase_if(base.trainings, [](const auto& one) { return one.second.empty(); });
  return rows;
}

// Takes trainings of other settings out of the golden; a row each says so.
std::vector<Row> take_unlike(Golden& golden, const Observations& base, const Observations& fresh) {
  std::vector<Row> rows;
  for (const auto& [name, ensemble] : base.trainings) {
    const auto other = fresh.trainings.find(name);
    if (other == fresh.trainings.end()) continue;
    for (const auto& [seed, member] : ensemble) {
      const auto twin = other->second.find(seed);
      if (twin == other->second.end()) continue;
      const std::string why = unlike_settings(member, twin->second);
      if (why.empty()) continue;
      rows.push_back({.training = name,
                      .quantity = "all",
                      .golden = "recorded",
                      .now = "other settings",
                      .verdict = Verdict::not_comparable,
                      .reason = fmt::format("seed {}: {}", seed, why)});
      golden.trainings.erase(name);
      break;
    }
  }
  return rows;
}

// Seeds of NEW that the training of BASE has as well; where seeds are no pairs, all of NEW.
std::vector<int64_t> seeds_to_compare(const checks::TrainingGolden& base,
                                      const checks::Ensemble* fresh, bool paired) {
  if (fresh == nullptr) return checks::seeds_of(base.seeds);
  if (!paired) return checks::seeds_of(*fresh);
  std::vector<int64_t> seeds;
  for (const auto& [seed, member] : base.seeds)
    if (fresh->contains(seed)) seeds.push_back(seed);
  return seeds.empty() ? checks::seeds_of(base.seeds) : seeds;
}

std::vector<Row> compare_all(const Golden& golden, const Observations& fresh,
                             const GateOptions& options) {
  std::vector<Row> rows;
  for (const auto& [name, training] : golden.trainings) {
    const auto at = fresh.trainings.find(name);
    Golden one = golden;
    std::erase_if(one.trainings, [&](const auto& other) { return other.first != name; });
    const auto* ensemble = at == fresh.trainings.end() ? nullptr : &at->second;
    const auto more = checks::compare(
        one, fresh,
        {.seeds = seeds_to_compare(training, ensemble, golden.paired && fresh.paired),
         .exact = options.exact,
         .approximate = options.approximate,
         .statistical = options.statistical});
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

Checked judged(Checked checked, const Golden& golden, const Observations& fresh,
               const FileOptions& options, const Stopwatch& watch, std::vector<Row> timed = {}) {
  for (std::string& line : checks::warnings_of(golden, fresh))
    checked.warnings.push_back(std::move(line));
  for (Row& row : compare_all(golden, fresh, options.gate)) checked.rows.push_back(std::move(row));
  for (Row& row : timed) checked.rows.push_back(std::move(row));
  checked.rows = checks::confirm(checked.rows, {});
  checked.exit = checks::exit_of(checked.rows);
  checked.seconds = watch.seconds();
  return checked;
}

}  // namespace

Observations read_any(const fs::path& path, const FileOptions& options, int64_t window) {
  if (!fs::exists(path))
    throw Error("{}: no such file or folder; give a run, a folder of runs, or a log",
                path.string());
  if (holds_runs(path)) return checks::observe_folder(path, window);
  const std::vector<fs::path> files = files_in(path);
  if (files.empty())
    throw Error(Exit::nothing_measured, "{}: holds no run and no log", path.string());
  return checks::observe_files({files, options.format, "training", window});
}

Checked check_against(const std::string& base, const std::string& fresh,
                      const FileOptions& options) {
  const Stopwatch watch;
  Observations then = read_any(base, options, 1), now = read_any(fresh, options, 1);
  const int64_t shortest = std::min(last_step(then), last_step(now));
  const int64_t window = std::clamp<int64_t>(shortest / 10, 1, kWindow);
  then = read_any(base, options, window);
  now = read_any(fresh, options, window);
  const std::vector<Row> failed = take_failed(then);
  use_one_name(then, now);
  use_one_seed(then, now);
  checks::Recipe recipe;
  recipe.window = window;
  Golden golden = checks::make_golden(then, nullptr, recipe, {});
  golden.paired = then.paired && now.paired;
  Checked checked{.name = base + " against " + fresh,
                  .command = fmt::format("repro check --against {} {}", shell_quoted(base),
                                         shell_quoted(fresh))};
  checked.rows = take_unlike(golden, then, now);
  checked.rows.insert(checked.rows.end(), failed.begin(), failed.end());
  checks::measure_like(now, golden);
  std::vector<Row> timed;
  if (options.gate.time) timed = checks::against_time_rows(then, now);
  return judged(std::move(checked), golden, now, options, watch, std::move(timed));
}

Checked check_files(const Golden& golden, const std::vector<fs::path>& files,
                    const FileOptions& options) {
  const Stopwatch watch;
  if (golden.trainings.size() != 1)
    throw Error(Exit::usage, "golden '{}' is of {} trainings; --from is for one of files",
                golden.name, golden.trainings.size());
  Observations now = checks::observe_files(
      {files, options.format, golden.trainings.begin()->first, golden.recipe.window});
  checks::measure_like(now, golden);
  Checked checked{.name = golden.name, .command = "repro check " + golden.name + " --from"};
  for (const fs::path& file : files) checked.command += " " + shell_quoted(file.string());
  return judged(std::move(checked), golden, now, options, watch);
}

}  // namespace repro::cli
