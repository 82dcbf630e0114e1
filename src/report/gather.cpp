#include "report/gather.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro::report {
namespace {

using nlohmann::json;

Status status_of(const run::Job& job, const std::filesystem::path& runs) {
  const run::RunDirectory directory(runs / job.directory);
  return {job.directory, directory.state(), directory.failure().value_or("")};
}

// Reads the result of a done job; a field that is missing was written by another version.
template <typename Read>
void read_result(const Status& status, const std::filesystem::path& runs, const Read& read) {
  if (!status.done()) return;
  const run::RunDirectory directory(runs / status.directory);
  try {
    read(directory.result());
  } catch (const json::exception&) {
    throw Error("{}: a field is missing or of the wrong type; delete its folder and run again",
                directory.result_file().string());
  }
}

double total_seconds(const json& seconds) {
  double sum = 0;
  for (const auto& [part, value] : seconds.items()) sum += value.get<double>();
  return sum;
}

std::optional<double> number_or_nothing(const json& value) {
  return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

void read_quality(const json& result, Training& training) {
  if (const json& held = result.at("heldout"); !held.is_null())
    training.held_out = HeldOut{held.at("split"), held.at("loss"), held.at("bits_per_byte")};
  if (const json& ppl = result.at("ppl"); !ppl.is_null())
    training.perplexity =
        Perplexity{ppl.at("split"), ppl.at("window"), ppl.at("stride"), ppl.at("value")};
}

// The machine of environment.json; a run without the file is still a run.
std::string read_machine(const run::RunDirectory& directory) {
  if (!std::filesystem::exists(directory.environment_file())) return "";
  const json file = json::parse(read_file(directory.environment_file()), nullptr, false);
  if (!file.is_object() || !file.contains("cpu")) return "";
  const json& cpu = file["cpu"];
  std::string text = cpu.value("model", "unknown processor");
  if (const int cores = cpu.value("cores", 0); cores > 0) text += fmt::format(", {} cores", cores);
  if (const std::string device = file.value("device", ""); !device.empty() && device != "cpu")
    text += ", " + device;
  return text;
}

Training read_training(const run::Job& job, const std::filesystem::path& runs) {
  Training training;
  training.status = status_of(job, runs);
  read_result(training.status, runs, [&](const json& result) {
    training.steps = result.at("steps");
    training.tokens = result.at("tokens");
    const json& clocks = result.at("clocks");
    training.clocks = {clocks.at("train"), clocks.at("eval"), clocks.at("checkpoint"),
                       clocks.at("other")};
    training.tokens_per_second = result.at("tokens_per_second");
    training.parameters = result.at("parameters");
    training.peak_memory_bytes = result.at("peak_memory_bytes");
    training.corpus_fingerprint = result.at("corpus_fingerprint");
    read_quality(result, training);
    training.machine = read_machine(run::RunDirectory(runs / job.directory));
    training.records = run::read_records(run::RunDirectory(runs / job.directory).records_file());
  });
  return training;
}

Clustering read_clustering(const run::Job& job, const std::filesystem::path& runs) {
  Clustering clustering;
  clustering.status = status_of(job, runs);
  read_result(clustering.status, runs, [&](const json& result) {
    clustering.documents = result.at("documents").get<std::vector<int64_t>>();
    clustering.tokens = result.at("tokens").get<std::vector<int64_t>>();
    clustering.variance_explained = result.at("variance_explained");
    clustering.seconds = total_seconds(result.at("seconds"));
  });
  return clustering;
}

Merging read_merging(const run::Job& job, const std::filesystem::path& runs) {
  Merging merging;
  merging.status = status_of(job, runs);
  read_result(merging.status, runs, [&](const json& result) {
    merging.gamma = result.at("gamma").get<std::vector<double>>();
    merging.backbone_cosine = result.at("backbone_cosine").get<std::vector<std::vector<double>>>();
    merging.train_loss = number_or_nothing(result.at("merged_loss").at("train"));
    merging.valid_loss = number_or_nothing(result.at("merged_loss").at("valid"));
    merging.seconds = total_seconds(result.at("seconds"));
  });
  return merging;
}

// A package as its record names it: a string, or an object of strings.
std::string package_text(const json& package) {
  if (package.is_string()) return package.get<std::string>();
  std::string text = package.at("name");
  if (const std::string version = package.value("version", ""); !version.empty())
    text += " " + version;
  return text;
}

Preparing read_preparing(const run::Job& job, const std::filesystem::path& runs) {
  Preparing preparing;
  preparing.status = status_of(job, runs);
  read_result(preparing.status, runs, [&](const json& result) {
    preparing.fingerprint = result.at("fingerprint");
    for (const json& package : result.at("packages"))
      preparing.packages.push_back(package_text(package));
    preparing.seconds = total_seconds(result.at("seconds"));
  });
  return preparing;
}

std::vector<const Status*> statuses(const CellOutcome& outcome) {
  std::vector<const Status*> all = {&outcome.prepare.status, &outcome.full.status};
  for (const Training& run : outcome.full_ladder) all.push_back(&run.status);
  all.push_back(&outcome.cluster.status);
  for (const Training& run : outcome.submodels) all.push_back(&run.status);
  all.push_back(&outcome.merge.status);
  for (const Training& run : outcome.finetunes) all.push_back(&run.status);
  return all;
}

}  // namespace

std::string Status::text() const {
  switch (state) {
    case run::State::absent:
      return "not run";
    case run::State::started:
      return "unfinished";
    case run::State::failed:
      return "failed";
    case run::State::done:
      return "done";
  }
  return "";
}

bool CellOutcome::complete() const { return obstacle() == nullptr; }

const Status* CellOutcome::obstacle() const {
  const Status* first = nullptr;
  for (const Status* status : statuses(*this)) {
    if (status->state == run::State::failed) return status;
    if (!first && !status->done()) first = status;
  }
  return first;
}

CellOutcome gather(const run::Plan& plan, const run::Cell& cell,
                   const std::filesystem::path& runs) {
  const auto trainings = [&](const std::vector<size_t>& jobs) {
    std::vector<Training> all;
    for (size_t job : jobs) all.push_back(read_training(plan.graph[job], runs));
    return all;
  };
  CellOutcome outcome;
  outcome.cell = cell;
  outcome.prepare = read_preparing(plan.graph[cell.prepare], runs);
  outcome.full = read_training(plan.graph[cell.full], runs);
  outcome.full_ladder = trainings(cell.full_ladder);
  outcome.cluster = read_clustering(plan.graph[cell.cluster], runs);
  outcome.submodels = trainings(cell.submodels);
  outcome.merge = read_merging(plan.graph[cell.merge], runs);
  outcome.finetunes = trainings(cell.finetunes);
  return outcome;
}

}  // namespace repro::report
