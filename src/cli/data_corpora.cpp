#include "cli/data_corpora.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/job_spec.hpp"
#include "config/library.hpp"
#include "plan/manifest.hpp"

namespace repro::cli {
namespace {

constexpr const char* kFolder = "experiments/corpora";

// JSON's string syntax is also TOML's.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

std::vector<std::string> corpus_names(const fs::path& root) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root / kFolder))
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

fs::path corpus_path(const fs::path& root, const std::string& name) {
  return root / kFolder / (name + ".toml");
}

config::Corpus find_corpus(const fs::path& root, const std::string& name) {
  const std::vector<std::string> names = corpus_names(root);
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw Error("no corpus '{}'{}; see `repro data list`", name, did_you_mean(name, names));
  return config::load_corpus(corpus_path(root, name), fmt::format("{}/{}.toml", kFolder, name));
}

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

std::string to_toml(const config::Corpus& corpus) {
  std::string text =
      fmt::format("name = {}\ntitle = {}\nfilter = {}\nminimum_words = {}\ntext_field = {}\n",
                  quoted(corpus.name), quoted(corpus.title), corpus.filter, corpus.minimum_words,
                  quoted(corpus.text_field));
  for (const config::CorpusSource& source : corpus.sources)
    text += fmt::format(
        "\n[[sources]]\nkind = {}\nname = {}\nsha256 = {}\nbytes = {}\nreader = {}\nsplit = {}\n",
        quoted(source.kind), quoted(source.name), quoted(source.sha256), source.bytes,
        quoted(source.reader), quoted(source.split));
  return text;
}

}  // namespace repro::cli
