#include "cli/imported_run.hpp"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "run/job.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

std::string records_text(const run::Records& records) {
  std::string lines;
  for (const run::StepRecord& step : records.steps) lines += run::to_line(step) + "\n";
  for (const run::EvalRecord& eval : records.evals) lines += run::to_line(eval) + "\n";
  return lines;
}

run::Job import_job(const fs::path& source, const imports::ForeignLog& log,
                    const std::string& records) {
  run::Job job{.kind = "import",
               .name = "import-" + plain_name(source.stem().string()),
               .spec = {{"source", plain_name(source.filename().string())},
                        {"format", log.format},
                        {"records_sha256", sha256_hex(records)}},
               .inputs = {},
               .execution = {{"tokens_per_step", log.tokens_per_step},
                             {"sequence", log.sequence},
                             {"logging_steps", log.logging_steps},
                             {"devices", log.devices}},
               .key = {},
               .directory = {}};
  job.key = run::job_key(job.kind, job.spec, {});
  return job;
}

bool holds(const fs::path& folder, const run::Job& job) {
  const fs::path file = run::RunDirectory(folder).job_file();
  if (!fs::exists(file)) return false;
  const json found = parse_json(read_file(file));
  return found.is_object() && found.contains("key") && found["key"] == job.key;
}

bool is_free(const fs::path& folder) { return !fs::exists(folder) || fs::is_empty(folder); }

fs::path folder_of(const run::Job& job, const fs::path& runs, const fs::path& output) {
  if (!output.empty()) {
    if (is_free(output) || holds(output, job)) return output;
    throw Error("{}: holds another run or other files; give a new folder as --output",
                output.string());
  }
  for (int copy = 1;; ++copy) {
    const fs::path folder = runs / (copy == 1 ? job.name : fmt::format("{}-{}", job.name, copy));
    if (is_free(folder) || holds(folder, job)) return folder;
  }
}

json result_of(const imports::ImportedLog& imported) {
  json result = {{"steps", imported.last_step},           {"timed", imported.timed},
                 {"replaced_steps", imported.replaced},   {"not_finite", imported.not_finite},
                 {"without_loss", imported.without_loss}, {"covers_from", imported.covers_from}};
  if (imported.records.steps.empty()) return result;
  const run::StepRecord& last = imported.records.steps.back();
  result["loss"] = last.loss;
  result["tokens"] = last.tokens > 0 ? json(last.tokens) : json(nullptr);
  result["seconds"] = imported.timed ? json(last.clocks.train) : json(nullptr);
  return result;
}

}  // namespace

std::string plain_name(const std::string& text) {
  constexpr size_t kLongest = 100;
  std::string plain = text.substr(0, kLongest);
  for (char& c : plain)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-') c = '_';
  return plain;
}

fs::path write_imported_run(const imports::ImportedLog& imported, const fs::path& source,
                            const imports::ForeignLog& log, const fs::path& runs,
                            const fs::path& output) {
  const std::string records = records_text(imported.records);
  run::Job job = import_job(source, log, records);
  const run::RunDirectory directory(folder_of(job, runs, output));
  job.directory = directory.path().filename().string();
  directory.create(job, run::JobGraph());
  write_file_atomically(directory.records_file(), records);
  write_file_atomically(directory.result_file(), result_of(imported).dump(1) + "\n");
  directory.mark_done();
  return directory.path();
}

}  // namespace repro::cli
