#include "run/run_directory.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "run/seal.hpp"
#include "run/verifier.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

json read_object(const fs::path& path, const char* way_out) {
  json object = parse_json(read_file(path));
  if (!object.is_object()) throw Error("{}: is damaged; {}", path.string(), way_out);
  return object;
}

}  // namespace

State RunDirectory::state() const {
  if (fs::exists(done_file())) return State::done;
  if (fs::exists(failed_file())) return State::failed;
  return fs::exists(job_file()) ? State::started : State::absent;
}

std::optional<std::string> RunDirectory::failure() const {
  if (state() != State::failed) return std::nullopt;
  return std::string(trim(read_file(failed_file())));
}

json RunDirectory::result() const {
  return read_object(result_file(), "delete its folder and run again");
}

fs::path RunDirectory::weights() const {
  if (state() != State::done || !fs::exists(weights_file()))
    throw Error("{}: holds no weights; delete its folder and run again", path_.string());
  return weights_file();
}

int RunDirectory::schema() const {
  std::error_code ignored;
  // Ten thousand job files take a second to parse.
  if (const auto size = fs::file_size(done_file(), ignored); !ignored && size > 0) {
    try {
      if (const auto seals = read_seals(done_file())) return seals->schema;
    } catch (const Error&) {  // damaged: its readers say so
    }
  }
  if (!fs::exists(job_file(), ignored)) return 0;
  const json file = parse_json(read_file(job_file()));
  return file.is_object() && file.contains("schema") && file["schema"].is_number_integer()
             ? file["schema"].get<int>()
             : 0;
}

void RunDirectory::create(const Job& job, const JobGraph& graph) const {
  make_directories(path_);
  remove_leftovers(path_);
  json inputs = json::object();
  for (const auto& [role, index] : job.inputs) inputs[role] = graph[index].directory;
  const json file = {{"schema", kSchema},
                     {"kind", job.kind},
                     {"name", job.name},
                     {"key", job.key},
                     {"spec", job.spec},
                     {"inputs", inputs},
                     {"resources",
                      {{"profile", job.resources.profile},
                       {"ranks", job.resources.ranks},
                       {"threads", job.resources.threads}}},
                     {"origins", job.origins ? *job.origins : json::object()},
                     {"execution", job.execution}};
  write_file_atomically(job_file(), file.dump(1) + "\n");
  fs::remove(failed_file());
  fs::remove(done_file());
  fs::remove(submitted_file());
}

void RunDirectory::mark_done() const {
  write_file_atomically(done_file(), to_text(seal_files(path_, kSchema)));
}

void RunDirectory::mark_failed(const std::string& one_line) const {
  write_file_atomically(failed_file(), one_line + "\n");
}

OpenedJob open_job(const RunDirectory& directory) {
  const json file = read_object(directory.job_file(), "start it through `repro run`");
  if (const int schema = directory.schema(); schema != kSchema)
    throw Error("{}: is of schema {}, this program writes {}; start it through `repro run`",
                directory.job_file().string(), schema, kSchema);
  OpenedJob job;
  try {
    job.kind = file.at("kind");
    job.name = file.at("name");
    job.key = file.at("key");
    job.spec = file.at("spec");
    job.execution = file.at("execution");
    const json& resources = file.at("resources");
    job.resources = {resources.at("profile"), resources.at("ranks"), resources.at("threads")};
    for (const auto& [role, name] : file.at("inputs").items())
      job.inputs.emplace(role, RunDirectory(directory.path().parent_path() / std::string(name)));
  } catch (const json::exception&) {
    throw Error("{}: a field is missing or of the wrong type; start it through `repro run`",
                directory.job_file().string());
  }
  for (const auto& [role, input] : job.inputs)
    if (input.state() != State::done)
      throw Error("{}: its input '{}' ({}) is not finished; start it through `repro run`",
                  directory.path().string(), role, input.path().filename().string());
  Verifier verifier(directory.path().parent_path());
  for (const auto& [role, input] : job.inputs) verifier.require_all(input);
  std::map<std::string, std::string> input_keys;
  for (const auto& [role, input] : job.inputs)
    input_keys[role] = read_object(input.job_file(), "run again").value("key", "");
  if (job.key != job_key(job.kind, job.spec, input_keys))
    throw Error("{}: its key is not that of its values; delete its folder and run again",
                directory.job_file().string());
  return job;
}

int64_t count_foreign_runs(const fs::path& runs) {
  int64_t count = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(runs, ignored)) {
    const int schema = RunDirectory(entry.path()).schema();
    count += schema != 0 && schema != kSchema;
  }
  return count;
}

int64_t count_unsealed_runs(const fs::path& runs, const std::vector<std::string>& directories) {
  int64_t count = 0;
  for (const std::string& directory : directories) {
    std::error_code absent;
    count += fs::file_size(RunDirectory(runs / directory).done_file(), absent) == 0 && !absent;
  }
  return count;
}

}  // namespace repro::run
