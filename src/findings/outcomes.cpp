#include "findings/outcomes.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <type_traits>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "config/job_spec.hpp"
#include "measure/stats.hpp"
#include "run/verifier.hpp"

namespace repro::findings {
namespace {

using nlohmann::json;

struct Impossible : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What is counted or measured of a run is never negative.
template <typename Number = double>
Number amount(const json& object, const char* key) {
  const json& value = object.at(key);
  if (value.get<double>() < 0)
    throw Impossible(fmt::format("{} = {}: must not be negative", key, value.dump()));
  if (std::is_integral_v<Number> && !value.is_number_integer())
    throw Impossible(fmt::format("{} = {}: expected an integer", key, value.dump()));
  return value.get<Number>();
}

double total_seconds(const json& seconds) {
  double sum = 0;
  for (const auto& [part, value] : seconds.items()) sum += amount(seconds, part.c_str());
  return sum;
}

// The machine of environment.json; a run without the file is still a run.
std::string read_machine(const run::RunDirectory& directory, run::Verifier& verifier) {
  if (!std::filesystem::exists(directory.environment_file())) return "";
  verifier.require(directory, directory.environment_file().filename());
  const json file = parse_json(read_file(directory.environment_file()));
  if (!file.is_object() || !file.contains("cpu")) return "";
  const json& cpu = file["cpu"];
  std::string text = cpu.value("model", "unknown processor");
  if (const int cores = cpu.value("cores", 0); cores > 0) text += fmt::format(", {} cores", cores);
  if (const std::string device = file.value("device", ""); !device.empty() && device != "cpu")
    text += ", " + device;
  return text;
}

Training read_training(const run::Job& job, const json& result, const run::RunDirectory& directory,
                       run::Verifier& verifier) {
  const auto spec = config::from_json<config::TrainSpec>(job.spec, job.name);
  Training training;
  training.model = spec.model;
  training.sequence = spec.sequence;
  training.ranks = spec.ranks;
  training.communication_seconds = result.value("communication_seconds", 0.0);
  training.steps = amount<int64_t>(result, "steps");
  training.tokens = amount<int64_t>(result, "tokens");
  if (result.contains("epochs")) training.epochs = amount(result, "epochs");
  const json& clocks = result.at("clocks");
  training.clocks = {amount(clocks, "train"), amount(clocks, "eval"), amount(clocks, "checkpoint"),
                     amount(clocks, "other")};
  training.tokens_per_second = amount(result, "tokens_per_second");
  training.parameters = amount<int64_t>(result, "parameters");
  training.peak_memory_bytes = amount<int64_t>(result, "peak_memory_bytes");
  training.machine = read_machine(directory, verifier);
  training.records = verifier.records(directory, result);
  if (result.contains("spike")) {
    const json& spike = result.at("spike");
    training.spike = amount(spike, "height");
    if (!spike.at("recovery").is_null()) training.recovery_steps = amount(spike, "recovery");
  }
  return training;
}

Evaluation read_evaluation(const json& result) {
  Evaluation evaluation;
  for (const auto& [name, measure] : result.at("measures").items())
    evaluation.measures[name] = {
        measure.at("split"),         measure.at("window"),
        measure.at("stride"),        measure.at("loss"),
        measure.at("bits_per_byte"), measure.value("blocks", std::vector<double>())};
  if (const auto ginis = result.value("gini", std::vector<double>()); !ginis.empty())
    evaluation.gini = measure::mean(ginis);
  if (result.contains("attention_share"))
    evaluation.attention_share = amount(result, "attention_share");
  if (result.contains("tokens_per_second"))
    evaluation.tokens_per_second = amount(result, "tokens_per_second");
  // null: it answered tasks and measured no text.
  if (result.contains("active_share") && !result["active_share"].is_null())
    evaluation.active_share = amount(result, "active_share");
  return evaluation;
}

Clustering read_clustering(const json& result) {
  return {result.at("documents").get<std::vector<int64_t>>(),
          result.at("tokens").get<std::vector<int64_t>>(), result.at("variance_explained"),
          result.value("warnings", std::vector<std::string>()),
          result.value("plane", std::vector<std::vector<std::pair<double, double>>>())};
}

Merging read_merging(const json& result) {
  return {result.at("gamma").get<std::vector<double>>(),
          result.at("backbone_cosine").get<std::vector<std::vector<double>>>()};
}

// A package as its record names it: a string, or an object of strings.
std::string package_text(const json& package) {
  if (package.is_string()) return package.get<std::string>();
  std::string text = package.at("name");
  if (const std::string version = package.value("version", ""); !version.empty())
    text += " " + version;
  return text;
}

Preparing read_preparing(const json& result) {
  Preparing preparing{.fingerprint = result.at("fingerprint"),
                      .packages = {},
                      .overlap = {},
                      .train_tokens = amount<int64_t>(result.at("splits").at("train"), "tokens")};
  for (const json& package : result.at("packages"))
    preparing.packages.push_back(package_text(package));
  for (const auto& [split, overlap] : result.at("overlap_13gram").items())
    preparing.overlap[split] = amount(overlap, "share");
  return preparing;
}

void read_result(const run::Job& job, const run::RunDirectory& directory, run::Verifier& verifier,
                 JobOutcome& outcome) {
  const json result = verifier.result(directory);
  if (job.kind == "train") {
    outcome.training = read_training(job, result, directory, verifier);
    outcome.seconds = outcome.training->clocks.wall();
    return;
  }
  // Tasks were made before their time was recorded.
  outcome.seconds = total_seconds(job.kind == "task" ? result.value("seconds", json::object())
                                                     : result.at("seconds"));
  if (job.kind == "eval") outcome.evaluation = read_evaluation(result);
  if (job.kind == "cluster") outcome.clustering = read_clustering(result);
  if (job.kind == "merge") outcome.merging = read_merging(result);
  if (job.kind == "prepare") outcome.preparing = read_preparing(result);
  if (job.kind == "task")
    outcome.item_making = ItemMaking{.items = amount<int64_t>(result, "items"),
                                     .shots = amount<int64_t>(result, "shots"),
                                     .split = result.value("split", ""),
                                     .fingerprint = result.value("fingerprint", "")};
}

// Counted once here: of ten thousand jobs, reading the spec again at each question takes minutes.
plan::JobWork work_of(const run::Job& job, const JobOutcome& outcome) {
  if (!outcome.training) return plan::count_work(job, 0, 0);
  return plan::count_work(job, static_cast<double>(outcome.training->steps),
                          static_cast<double>(outcome.training->tokens));
}

}  // namespace

std::string Status::text() const {
  switch (state) {
    case run::State::absent:
      return wanted ? "not run" : "not needed";
    case run::State::started:
      return "unfinished";
    case run::State::failed:
      return "failed";
    case run::State::done:
      return "done";
  }
  return "";
}

namespace {

enum class Depth { all, but_answers };

JobOutcome read_outcome(const run::Job& job, const std::filesystem::path& runs,
                        run::Verifier& verifier, Depth depth) {
  const run::RunDirectory directory(runs / job.directory);
  JobOutcome outcome{
      .kind = job.kind,
      .status = {job.directory, directory.state(), directory.failure().value_or("")}};
  if (!outcome.status.done()) return outcome;
  try {
    read_result(job, directory, verifier, outcome);
    if (depth == Depth::all && job.kind == "eval" && job.spec.contains("tasks"))
      outcome.answers = read_answers(job, directory, verifier);
    outcome.work = work_of(job, outcome);
  } catch (const Impossible& error) {
    throw Error("{}: {}; delete its folder and run again", directory.result_file().string(),
                error.what());
  } catch (const json::exception&) {
    throw Error("{}: a field is missing or of the wrong type; delete its folder and run again",
                directory.result_file().string());
  }
  return outcome;
}

}  // namespace

Outcomes read_outcomes(const plan::Plan& plan, const std::filesystem::path& runs) {
  Outcomes outcomes;
  run::Verifier verifier(runs);
  for (const run::Job& job : plan.graph.jobs())
    outcomes.push_back(read_outcome(job, runs, verifier, Depth::all));
  return outcomes;
}

void read_more(const plan::Plan& plan, const std::filesystem::path& runs, Outcomes& outcomes) {
  const std::vector<run::Job>& jobs = plan.graph.jobs();
  outcomes.resize(jobs.size());
  run::Verifier verifier(runs);
  for (size_t job = 0; job < jobs.size(); ++job)
    if (!outcomes[job].status.done())
      outcomes[job] = read_outcome(jobs[job], runs, verifier, Depth::but_answers);
}

}  // namespace repro::findings
