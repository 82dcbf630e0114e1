#include "cli/data_corpora.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/job_spec.hpp"
#include "config/library.hpp"
#include "plan/plan.hpp"

namespace repro::cli {
std::optional<int64_t> cached_bytes(const std::string& name) {
  const fs::path folder = cache_directory() / "corpora";
  if (!fs::exists(folder)) return std::nullopt;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string cached = entry.path().filename().string();
    const fs::path documents = entry.path() / "documents.jsonl";
    // Its folder is <name>-<hash>; meta.json is written last.
    if (cached.substr(0, cached.rfind('-')) == name && fs::exists(entry.path() / "meta.json") &&
        fs::exists(documents))
      return static_cast<int64_t>(fs::file_size(documents));
  }
  return std::nullopt;
}

run::JobGraph prepare_jobs(const Context& context, const std::string& scale) {
  run::JobGraph graph;
  for (const std::string& experiment : config::experiment_names(context.root())) {
    const plan::Plan plan = load_plan(context, {.name = experiment, .scale = scale});
    for (const run::Job& job : plan.graph.jobs())
      if (job.kind == "prepare") graph.add(job);
  }
  return graph;
}

run::Job prepare_job(const Context& context, const config::Corpus& corpus,
                     const std::string& scale) {
  const run::JobGraph graph = prepare_jobs(context, scale);
  if (graph.jobs().empty()) throw Error("scale '{}': no experiment reads a corpus", scale);
  run::Job job = graph[0];
  auto spec = config::from_json<config::PrepareSpec>(job.spec, job.name);
  spec.corpus = corpus;
  job.spec = config::to_json(spec);
  job.name = fmt::format("prepare-{}-v{}", corpus.name, spec.vocabulary);
  return job;
}

}  // namespace repro::cli
