#include "cli/data_corpora.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "config/job_spec.hpp"
#include "config/library.hpp"
#include "plan/packages.hpp"
#include "plan/plan.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

// Texts of an earlier cleaning measured no overlap.
std::optional<double> overlap_of(const fs::path& meta) {
  const json found = parse_json(read_file(meta));
  if (!found.is_object() || !found.contains("overlap_13gram")) return std::nullopt;
  int64_t words = 0;
  int64_t seen = 0;
  for (const json& split : found["overlap_13gram"]) {
    words += split.value("words", int64_t{0});
    seen += split.value("seen", int64_t{0});
  }
  return words > 0 ? static_cast<double>(seen) / static_cast<double>(words) : 0.0;
}

}  // namespace

std::optional<CachedText> cached_text(const std::string& name) {
  std::optional<CachedText> text;
  fs::file_time_type newest;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(cache_directory() / "corpora", none)) {
    // Its folder is <name>-<hash>; meta.json is written last.
    const std::string cached = entry.path().filename().string();
    const fs::path documents = entry.path() / "documents.jsonl";
    const fs::path meta = entry.path() / "meta.json";
    if (cached.substr(0, cached.rfind('-')) != name || !fs::exists(meta) || !fs::exists(documents))
      continue;
    const auto written = fs::last_write_time(meta);
    const std::optional<double> overlap = overlap_of(meta);
    if (!overlap || (text && written < newest)) continue;
    newest = written;
    text = {static_cast<int64_t>(fs::file_size(documents)), *overlap};
  }
  return text;
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
  plan::resolve_packages(spec.corpus, cache_directory());
  job.spec = config::to_json(spec);
  job.name = fmt::format("prepare-{}-v{}", corpus.name, spec.vocabulary);
  return job;
}

void add_scale_and_wait(CLI::App& verb, std::string& scale, bool& wait) {
  verb.add_option("--scale", scale, "whose tokenizer and size: see `repro list`")
      ->capture_default_str();
  verb.add_flag("--wait", wait, "wait for another repro that holds the folder");
}

}  // namespace repro::cli
