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

void want(const run::JobGraph& graph, size_t job, std::vector<bool>& wanted) {
  if (wanted[job]) return;
  wanted[job] = true;
  for (const auto& [role, input] : graph[job].inputs) want(graph, input, wanted);
}

}  // namespace

CheckRuns::CheckRuns(const Context& context, const std::string& purpose,
                     const CheckRunOptions& options)
    : context_(context), options_(options) {
  const std::filesystem::path worker = launch::find_worker();
  environment_ = std::make_shared<json>(ask_environment(worker));
  program_ = program_id(worker, *environment_);
  context_.runs = context.runs / "check" / program_;
  lock_ = std::make_unique<run::RunsLock>(context_.runs, purpose, options.wait);
}

const json& CheckRuns::environment() const { return *environment_; }

Exit CheckRuns::run(const run::JobGraph& graph, const std::vector<size_t>& wanted) {
  if (wanted.empty()) return execute_missing(context_, *lock_, graph, options_.jobs);
  std::vector<bool> needed(graph.jobs().size(), false);
  for (const size_t job : wanted) want(graph, job, needed);
  return execute_missing(context_, *lock_, graph, options_.jobs, [&] { return needed; });
}

}  // namespace repro::cli
