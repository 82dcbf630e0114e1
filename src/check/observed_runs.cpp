#include "check/observed_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/unicode.hpp"
#include "run/verifier.hpp"

namespace repro::checks {
namespace {

using nlohmann::json;

constexpr const char* kClusters = "assignment";  // the input of a training that reads a part

void add_leaves(const json& value, const std::string& path,
                std::map<std::string, std::string>& leaves) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items())
      add_leaves(inner, path.empty() ? key : path + "." + key, leaves);
    return;
  }
  leaves[printable_line(path)] =
      value.is_string() ? printable_line(value.get<std::string>()) : value.dump();
}

class RunReader {
 public:
  RunReader(const fs::path& runs, int64_t window) : verifier_(runs), window_(window) {}

  void add_training(Member& member, const run::RunDirectory& directory) {
    const json result = verifier_.result(directory);
    const run::Records records = verifier_.records(directory);
    add_records(member, records.steps);
    member.directory = directory.path();
    member.numbers["final_loss"] = final_mean(member.series.at("loss"), window_);
    add_expert_share(member, result);
    add_environment(member, directory);
  }

  void add_evaluation(Member& member, const run::RunDirectory& directory) {
    const json result = verifier_.result(directory);
    for (const auto& [name, measure] : result.at("measures").items())
      member.numbers[name + "_loss"] = measure.at("loss");
  }

  Observations& observed() { return observed_; }

 private:
  // Of the least used expert of any layer, 1 = even.
  static void add_expert_share(Member& member, const json& result) {
    const auto load = result.find("expert_load");
    if (load == result.end() || !load->is_array() || load->empty()) return;
    double least = 1;
    for (const json& layer : *load) {
      const auto shares = layer.get<std::vector<double>>();
      double sum = 0;
      for (const double share : shares) sum += share;
      if (shares.size() < 2 || !(sum > 0)) return;
      least = std::min(least, *std::min_element(shares.begin(), shares.end()) *
                                  static_cast<double>(shares.size()) / sum);
    }
    member.numbers["least_expert_share"] = least;
  }

  void add_environment(Member& member, const run::RunDirectory& directory) {
    const fs::path file = directory.environment_file();
    if (!fs::exists(file)) return;
    verifier_.require(directory, file.filename());
    const json environment = parse_json(read_file(file));
    if (environment.is_object() && environment.contains("started") &&
        environment["started"].is_string())
      member.started = printable_line(environment["started"].get<std::string>());
    const Platform platform = platform_of(environment);
    if (observed_.environment.empty()) {
      observed_.platform = platform;
      add_leaves(environment, "", observed_.environment);
      observed_.machine = machine_id(environment);
      observed_.machine_text = machine_text(environment);
    } else if (platform != observed_.platform && observed_.warnings.empty()) {
      observed_.warnings.push_back(
          fmt::format("{}: ran on another platform than the runs beside it",
                      directory.path().filename().string()));
    }
  }

  run::Verifier verifier_;
  int64_t window_;
  Observations observed_;
};

std::string failure_of(const run::RunDirectory& directory) {
  if (directory.state() == run::State::failed)
    return printable_line(directory.failure().value_or("failed"));
  return directory.state() == run::State::started ? "unfinished" : "not run";
}

[[noreturn]] void throw_wrong_result(const run::RunDirectory& directory) {
  throw Error("{}: a field is missing or of the wrong type; delete its folder and run again",
              directory.result_file().string());
}

void read_job(RunReader& reader, const NamedJob& named, const run::RunDirectory& directory,
              bool clustered) {
  Member& member = reader.observed().trainings[named.training][named.seed];
  member.chosen_by_floats = member.chosen_by_floats || clustered;
  if (directory.state() != run::State::done) {
    if (member.failure.empty()) member.failure = failure_of(directory);
    return;
  }
  try {
    if (named.evaluates)
      reader.add_evaluation(member, directory);
    else
      reader.add_training(member, directory);
  } catch (const json::exception&) {
    throw_wrong_result(directory);
  }
}

// "train-NAME-s3-1a2b3c4d" -> NAME and 3; an import's file is its name, of seed 0.
struct FolderName {
  std::string training;
  int64_t seed = 0;
};

FolderName name_in_folder(const std::string& kind, const std::string& name) {
  const size_t seed = name.rfind("-s");
  FolderName found{name, 0};
  if (seed != std::string::npos) {
    const char* begin = name.data() + seed + 2;
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), found.seed);
    if (error == std::errc() && end == name.data() + name.size())
      found.training = name.substr(0, seed);
    else
      found.seed = 0;
  }
  if (found.training.starts_with(kind + "-")) found.training.erase(0, kind.size() + 1);
  return found;
}

void read_one(RunReader& reader, const fs::path& path) {
  const run::RunDirectory directory(path);
  const json job = parse_json(read_file(directory.job_file()));
  if (!job.is_object()) return;
  const std::string kind = job.value("kind", "");
  const json spec = job.value("spec", json::object());
  if ((kind != "train" && kind != "import") || (spec.is_object() && spec.contains("rehearsal")))
    return;
  const FolderName name = name_in_folder(kind, printable_line(job.value("name", "")));
  Member& member = reader.observed().trainings[name.training][name.seed];
  if (directory.state() != run::State::done) {
    // Of two runs of one seed the finished one counts.
    if (member.series.empty()) member.failure = failure_of(directory);
    return;
  }
  member.failure.clear();
  reader.add_training(member, directory);
  member.chosen_by_floats = job.value("inputs", json::object()).contains(kClusters);
  // A log of another program does not say which tokens it saw, and its rate may be unknown.
  if (kind == "import") member.order.clear();
}

bool any_finished(const Observations& observed) {
  for (const auto& [name, ensemble] : observed.trainings)
    for (const auto& [seed, member] : ensemble)
      if (member.failure.empty()) return true;
  return false;
}

}  // namespace

Observations observe_runs(const run::JobGraph& graph, const std::vector<NamedJob>& jobs,
                          const fs::path& runs, int64_t window) {
  RunReader reader(runs, window);
  for (const NamedJob& named : jobs)
    read_job(reader, named, run::RunDirectory(runs / graph[named.job].directory),
             graph[named.job].kind == "train" && graph[named.job].inputs.contains(kClusters));
  return std::move(reader.observed());
}

Observations observe_folder(const fs::path& folder, int64_t window) {
  const bool single = fs::exists(run::RunDirectory(folder).job_file());
  RunReader reader(single ? run::RunDirectory(folder).path().parent_path() : folder, window);
  std::vector<fs::path> paths;
  if (single) paths.push_back(folder);
  std::error_code ignored;
  if (!single)
    for (const auto& entry : fs::directory_iterator(folder, ignored))
      if (fs::exists(run::RunDirectory(entry.path()).job_file())) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    try {
      read_one(reader, path);
    } catch (const json::exception&) {
      throw_wrong_result(run::RunDirectory(path));
    }
  }
  if (!any_finished(reader.observed()))
    throw Error(Exit::nothing_measured,
                "{}: holds no finished training; give a folder of runs, a run, or logs",
                folder.string());
  return std::move(reader.observed());
}

}  // namespace repro::checks
