#include "check/observed_files.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "import/foreign_log.hpp"
#include "import/loss_file.hpp"

namespace repro::checks {
namespace {

// Names that the lanes know; others keep their own.
std::string series_name(const std::string& metric) {
  if (metric == "lm loss") return "loss";
  return metric;
}

bool is_of_a_machine(const std::string& metric) {
  return metric == "iteration-time" || metric.starts_with("mem-");
}

void add_loss_file(const imports::LossFile& file, Member& member, std::vector<std::string>& left) {
  for (const auto& [metric, values] : file.metrics) {
    if (is_of_a_machine(metric)) {
      if (std::find(left.begin(), left.end(), metric) == left.end()) left.push_back(metric);
      continue;
    }
    member.series[series_name(metric)] = {values.steps, values.values, values.decimals};
  }
}

// "csv" by its name; else what the caller says.
std::string format_of(const fs::path& path, const std::string& given) {
  if (path.extension() == ".csv") return "csv";
  if (path.filename().string().find("trainer_state") != std::string::npos) return "hf-trainer";
  if (given.empty())
    throw Error(Exit::usage,
                "{}: its format is not seen from the file; say it with --format (one of {})",
                path.string(), join(imports::foreign_formats(), ", "));
  return given;
}

// A column that the log does not have is all zeros.
void drop_unknown(Member& member, const char* series) {
  const auto at = member.series.find(series);
  if (at == member.series.end()) return;
  const auto& values = at->second.values;
  if (std::all_of(values.begin(), values.end(), [](double value) { return value == 0; }))
    member.series.erase(at);
}

Member read_log(const fs::path& path, const std::string& format) {
  imports::ForeignLog log;
  log.format = format;
  const imports::ImportedLog imported = imports::import_foreign_log(path, log);
  if (imported.records.steps.empty())
    throw Error(Exit::nothing_measured, "{}: no step with a finite loss", path.string());
  Member member;
  add_records(member, imported.records.steps);
  member.order.clear();
  member.digest.clear();
  for (const char* series : {"lr", "grad_norm"}) drop_unknown(member, series);
  return member;
}

// Of every step, for a golden keeps only some of a long series; "" of values that were rounded,
// which equal others that were not.
std::string digest_of(const Series& loss) {
  if (loss.decimals >= 0) return "";
  Sha256 digest;
  for (size_t i = 0; i < loss.steps.size(); ++i)
    digest.update(fmt::format("{} {}\n", loss.steps[i], loss.values[i]));
  return digest.hex();
}

}  // namespace

Observations observe_files(const FileSource& source) {
  Observations observed;
  observed.paired = false;
  std::vector<std::string> left_out;
  Ensemble& ensemble = observed.trainings[source.training];
  for (size_t i = 0; i < source.files.size(); ++i) {
    const fs::path& path = source.files[i];
    Member member;
    if (const auto loss = imports::read_loss_file(path))
      add_loss_file(*loss, member, left_out);
    else
      member = read_log(path, format_of(path, source.format));
    if (const auto loss = member.series.find("loss"); loss != member.series.end()) {
      member.numbers["final_loss"] = final_mean(loss->second, source.window);
      member.digest = digest_of(loss->second);
    }
    ensemble[static_cast<int64_t>(i)] = std::move(member);
  }
  if (!left_out.empty())
    observed.warnings.push_back(join(left_out, ", ") +
                                ": not compared, they belong to a machine and not to a training");
  return observed;
}

}  // namespace repro::checks
