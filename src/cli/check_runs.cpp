#include "cli/check_runs.hpp"

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "check/platform.hpp"
#include "cli/execution.hpp"
#include "launch/local.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

json ask_environment(const std::filesystem::path& worker) {
  const Completed answer = run_to_end({.words = {worker.string(), "--environment"}});
  json facts = parse_json(answer.output);
  if (!answer.status.clean() || !facts.is_object())
    throw Error("{}: does not say where it runs ({}); build it together with `repro`",
                worker.string(), answer.status.clean() ? "no JSON" : describe(answer.status));
  return facts;
}

std::string program_id(const std::filesystem::path& worker, const json& environment) {
  std::string text = sha256_hex_of_file(worker) + checks::machine_id(environment);
  return sha256_hex(text).substr(0, 12);
}

// All but the lock that is held.
void remove_runs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> runs;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_directory()) runs.push_back(entry.path());
  for (const auto& run : runs) std::filesystem::remove_all(run);
}

void want(const run::JobGraph& graph, size_t job, std::vector<bool>& wanted) {
  if (wanted[job]) return;
  wanted[job] = true;
  for (const auto& [role, input] : graph[job].inputs) want(graph, input, wanted);
}

}  // namespace

CheckRuns::CheckRuns(const Context& context, const std::string& purpose,
                     const CheckRunOptions& options)
    : context_(context), options_(options) {
  if (options_.worker.empty()) options_.worker = launch::find_worker();
  program_ = program_id(options_.worker, ask_environment(options_.worker));
  context_.runs = context.runs / "check" / program_;
  if (!options_.part.empty()) context_.runs /= options_.part;
  lock_ = std::make_unique<run::RunsLock>(context_.runs, purpose, options_.wait);
  if (!options_.part.empty()) remove_runs(context_.runs);
}

Exit CheckRuns::run(const run::JobGraph& graph, const std::vector<size_t>& wanted) {
  ExecutionChoice choice;
  choice.jobs = options_.jobs;
  choice.worker = options_.worker;
  if (wanted.empty()) return execute_missing(context_, *lock_, graph, choice);
  std::vector<bool> needed(graph.jobs().size(), false);
  for (const size_t job : wanted) want(graph, job, needed);
  return execute_missing(context_, *lock_, graph, choice, [&] { return needed; });
}

}  // namespace repro::cli
