#pragma once
// Run directories as the workers leave them, with made-up losses and clocks, below a temporary
// directory: one model on two corpora, 80 full steps, fine-tunes of 10, 20, 40 and 60.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/random.hpp"
#include "plan/plan.hpp"
#include "report/report.hpp"
#include "run/records.hpp"
#include "run/run_directory.hpp"

namespace repro::report {

struct Fixture {
  std::vector<int64_t> seeds = {0};
  bool ladder = false;  // the full arm's own
  bool stand_in = true;
  // Times the training seconds of a run.
  std::function<double(const std::string& corpus, const std::string& phase)> slowness =
      [](const std::string&, const std::string&) { return 1.0; };
  // Final training loss of a fine-tune of `steps`; the full arm ends at 5.0, the target is 5.005.
  std::function<double(const std::string& corpus, int64_t steps, int64_t seed)> tune_loss =
      [](const std::string& corpus, int64_t steps, int64_t) {
        const double gain = corpus == "c4" ? 0.9 : 0.6;
        return 5.9 - gain * std::log(static_cast<double>(steps) / 10) / std::log(4.0);
      };
  // Downstream tasks that the arms answer, of kItems items with two choices in twenty parts.
  std::vector<std::string> tasks = {};
  std::vector<std::string> cuts = {"loss", "steps", "dollars"};
  // Has the model of a phase ("full", "finetune") this item right, by likelihood and by character?
  std::function<bool(int64_t item, const std::string& phase, int64_t steps, int64_t seed)>
      is_right = [](int64_t item, const std::string& phase, int64_t steps, int64_t seed) {
        const auto stream = static_cast<uint64_t>(100 * steps + seed);
        return random_uniform(phase == "full" ? 1 : 2, stream, static_cast<uint64_t>(item)) < 0.7;
      };
  // Of the full arm, at a factor of its learning rate.
  std::function<double(int64_t steps, double rate, int64_t seed)> full_loss = [](int64_t steps,
                                                                                 double, int64_t) {
    return 5.0 + 0.01 * static_cast<double>(std::max<int64_t>(0, 80 - steps));
  };
};

constexpr int64_t kItems = 400;

inline void add_tasks(const Fixture& fixture, plan::Experiment& experiment) {
  experiment.evaluate.tasks = fixture.tasks;
  experiment.evaluate.cuts = fixture.cuts;
  for (const std::string& name : fixture.tasks) {
    config::Task task;
    task.name = name;
    task.metrics = {"acc", "acc_norm"};
    experiment.task_entries[name] = task;
  }
}

inline plan::Plan plan_of(const Fixture& fixture) {
  plan::Experiment experiment;
  experiment.name = "table3";
  experiment.folder = "moe_disco";
  experiment.title = "Cost of reaching the full-training loss";
  experiment.claims = "fixture";
  experiment.view = "table3";
  experiment.models = {"qwen_moe"};
  experiment.corpora = {"c4", "wikitext2"};
  experiment.seeds = fixture.seeds;
  experiment.match.sequence = 64;
  experiment.steps = 80;
  plan::FullArm full;
  full.head.name = "full";
  full.profile = "a100-80g";
  if (fixture.ladder) full.horizons = {0.125, 0.25, 0.5, 0.75, 1};
  plan::DiscoArm disco;
  disco.head.name = "disco";
  disco.submodel.profile = "rtx-4090";
  disco.finetune.profile = "a100-80g";
  experiment.arms = {full, disco};
  experiment.target.window = 10;
  experiment.scale.name = "tiny";
  experiment.scale.stand_in = fixture.stand_in;
  plan::Experiment::ModelEntry entry{
      .key = "qwen_moe", .title = "Qwen", .model = {}, .paper = {}, .arm_models = {}};
  entry.paper.vocabulary = 151936;
  entry.paper.width = 2048;
  entry.paper.layers = 24;
  entry.paper.heads = entry.paper.kv_heads = 16;
  entry.paper.head_width = 128;
  entry.paper.expert_width = 1408;
  entry.paper.shared_width = 5632;
  if (!fixture.stand_in) entry.model = entry.paper;
  entry.arm_models = {entry.model, entry.model};
  experiment.model_entries["qwen_moe"] = entry;
  for (const auto& [role, name] : {std::pair{"c4", "web"}, {"wikitext2", "wiki"}}) {
    config::Corpus corpus;
    corpus.name = fixture.stand_in ? name : role;
    corpus.title = std::string("text of ") + corpus.name;
    corpus.licence = "public domain";
    (fixture.stand_in ? corpus.stands_for : corpus.published) = role;
    experiment.corpus_entries[role] = corpus;
  }
  add_tasks(fixture, experiment);
  if (fixture.stand_in)
    experiment.differences = {{"match.sequence", "1024", "64", "experiments/scales/tiny.toml:9"}};
  return plan::make_plan(std::move(experiment));
}

inline void write_text(const fs::path& path, const std::string& text) {
  make_directories(path.parent_path());
  write_file_atomically(path, text);
}

// "full", "finetune" or "submodel": which phase a training is of.
inline std::string phase_of(const run::Job& job) {
  if (job.inputs.contains("assignment")) return "submodel";
  return job.inputs.contains("initial") ? "finetune" : "full";
}

inline double final_loss_of(const run::Job& job, const std::string& corpus,
                            const Fixture& fixture) {
  const int64_t steps = job.spec.at("steps"), seed = job.spec.value("seed", int64_t{0});
  const std::string phase = phase_of(job);
  if (phase == "finetune") return fixture.tune_loss(corpus, steps, seed);
  if (phase != "full") return 6.2;
  // The fixture's arms name no rate: the default's, by what the plan makes of it.
  const double lr =
      job.spec.contains("optimizer") ? job.spec.at("optimizer").value("lr", 3e-4) : 3e-4;
  return fixture.full_loss(steps, lr / 3e-4, seed);
}

inline void write_training(const run::Job& job, const std::string& corpus, const Fixture& fixture,
                           const run::RunDirectory& directory) {
  constexpr int64_t kWindow = 10;
  const std::string phase = phase_of(job);
  const int64_t steps = job.spec.at("steps"), seed = job.spec.value("seed", int64_t{0});
  const double final_loss = final_loss_of(job, corpus, fixture);
  const double step_seconds = (phase == "submodel" ? 0.06 : 0.1) * fixture.slowness(corpus, phase);
  std::string lines = "{\"event\":\"start\",\"step\":0}\n";
  run::StepRecord record;
  for (int64_t step = 1; step <= steps; ++step) {
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    record.step = step;
    record.tokens = step * 16 * 64;
    record.lm_loss = step > steps - kWindow ? final_loss : final_loss + 3 * std::exp(-6 * done);
    // What balances experts is in what was minimised, and in no number of a report.
    record.aux_loss = 0.25;
    record.loss = record.lm_loss + record.aux_loss;
    record.clocks.train = step_seconds * static_cast<double>(step);
    const uint64_t order = phase == "submodel" ? 7 : 0;
    record.data_hash = mix64(static_cast<uint64_t>(step + 100 * seed) + order);
    lines += run::to_line(record) + "\n";
    if (step == steps / 2)
      lines += run::to_line(run::EvalRecord{step, "valid", final_loss + 0.3, 4096, 2.2}) + "\n";
  }
  record.clocks.eval = 0.8;
  record.clocks.checkpoint = 0.2;
  record.clocks.other = 0.5;
  lines += run::to_line(run::EvalRecord{steps, "valid", final_loss + 0.1, 4096, 2.0}) + "\n";
  write_text(directory.records_file(), lines);
  nlohmann::json result = {{"steps", steps},
                           {"tokens", steps * 16 * 64},
                           {"clocks",
                            {{"train", record.clocks.train},
                             {"eval", 0.8},
                             {"checkpoint", 0.2},
                             {"other", 0.5},
                             {"wall", record.clocks.wall()}}},
                           {"data_hash", "00"},
                           {"tokens_per_second", 16 * 64 / step_seconds},
                           {"parameters", 1234567},
                           {"peak_memory_bytes", 250000000}};
  // Submodels as runs left them before epochs were recorded.
  if (phase != "submodel") result["epochs"] = static_cast<double>(steps) * 16 / 156;
  write_text(directory.result_file(), result.dump());
}

// What was measured of a finished model: a tenth of a nat above its training loss.
inline void write_eval(const run::Job& weights, const std::string& corpus, const Fixture& fixture,
                       const run::RunDirectory& directory) {
  const auto measure = [](const char* split, double loss) {
    return nlohmann::json{{"split", split},
                          {"window", 64},
                          {"stride", 64},
                          {"loss", loss},
                          {"tokens", 4096},
                          {"windows", 0},
                          {"bits_per_byte", loss / 2.5},
                          {"blocks", {loss - 0.5, loss + 0.5}}};
  };
  nlohmann::json measures;
  if (weights.kind == "merge") {
    measures = {{"train", measure("train", 6.9)}, {"unseen", measure("valid", 7.0)}};
  } else {
    const double loss = final_loss_of(weights, corpus, fixture);
    measures = {{"unseen", measure("valid", loss + 0.1)}, {"ppl", measure("test", loss + 0.2)}};
  }
  const nlohmann::json result = {{"measures", measures},
                                 {"seconds", {{"load", 0.1}, {"eval", 0.3}}}};
  write_text(directory.result_file(), result.dump());
}

// Every item once, two choices each: the right one's index goes with the item's number.
inline void write_answers(const run::Job& job, const run::Job& weights, const Fixture& fixture,
                          const run::RunDirectory& directory) {
  const std::string task = job.spec.at("tasks").at(0);
  const int64_t steps = weights.spec.at("steps"), seed = weights.spec.value("seed", int64_t{0});
  std::string lines;
  for (int64_t item = 0; item < kItems; ++item) {
    const int64_t gold = item / 7 % 2;
    const bool right = fixture.is_right(item, phase_of(weights), steps, seed);
    const double first = (gold == 0) == right ? -1 : -3;
    lines +=
        nlohmann::json({{"id", item},
                        {"part", "part" + std::to_string(mix64(static_cast<uint64_t>(item)) % 20)},
                        {"gold", gold},
                        {"log_likelihoods", {first, -2.0}},
                        {"greedy", {false, false}},
                        {"tokens", {1, 1}},
                        {"read", {9, 9}},
                        {"truncated", {false, false}},
                        {"characters", {4, 4}},
                        {"bytes", {4, 4}}})
            .dump() +
        "\n";
  }
  write_text(directory.path() / ("answers-" + task + ".jsonl"), lines);
  const nlohmann::json result = {
      {"measures", nlohmann::json::object()},
      {"tasks", {{task, {{"items", kItems}, {"truncated", 3}, {"beyond_training", 5}}}}},
      {"seconds", {{"load", 0.1}, {"eval", 2.0}}}};
  write_text(directory.result_file(), result.dump());
}

inline void write_other(const run::Job& job, const run::RunDirectory& directory) {
  nlohmann::json result;
  if (job.kind == "task")
    result = {{"items", kItems},
              {"shots", 5},
              {"split", "test"},
              {"fingerprint", "fedcba9876543210fedc"},
              {"seconds", {{"items", 0.5}}}};
  if (job.kind == "prepare")
    result = {{"fingerprint", "0123456789abcdef0123"},
              {"packages", {{{"name", "doc"}, {"version", "1.2"}, {"sha256", "00"}, {"bytes", 3}}}},
              {"splits", {{"train", {{"documents", 100}, {"tokens", 10000}, {"bytes", 41000}}}}},
              {"overlap_13gram",
               {{"test", {{"words", 1000}, {"seen", 0}, {"share", 0.0}}},
                {"valid", {{"words", 1000}, {"seen", 4}, {"share", 0.004}}}}},
              {"seconds", {{"extract", 4.0}, {"tokenize", 2.5}}}};
  if (job.kind == "cluster")
    result = {{"documents", {40, 30, 20, 10}},
              {"tokens", {4100, 2900, 2200, 800}},
              {"warnings", {"cluster 3 has 8 % of the tokens in 10 documents, less than 9 %"}},
              {"sse", 12.5},
              {"iterations", 9},
              {"variance_explained", 0.1},
              {"plane", {{{0.0, 1.0}, {1.0, 2.0}}, {{3.0, 4.0}}, {{5.0, 6.0}}, {{-7.0, -8.0}}}},
              {"seconds", {{"embed", 0.4}, {"kmeans", 0.1}}}};
  if (job.kind == "merge") {
    auto cosine = nlohmann::json::array();
    for (int i = 0; i < 4; ++i) {
      auto line = nlohmann::json::array();
      for (int j = 0; j < 4; ++j) line.push_back(i == j ? 1.0 : 0.9 - 0.01 * (i + j));
      cosine.push_back(line);
    }
    result = {{"gamma", {0.4, 0.3, 0.2, 0.1}},
              {"backbone_cosine", cosine},
              {"seconds", {{"merge", 0.5}}}};
  }
  write_text(directory.result_file(), result.dump());
}

// The corpus role of a job of the plan.
inline std::string corpus_of(const plan::Plan& plan, size_t job) {
  for (const plan::Cell& cell : plan.cells)
    for (const plan::CellJob& one : plan::jobs_of(cell))
      if (one.job == job) return cell.corpus;
  return "";
}

// Writes all jobs as done; backwards, so that directories come in another order on disk.
inline void write_runs(const plan::Plan& plan, const Fixture& fixture, const fs::path& runs,
                       bool backwards = false) {
  std::vector<size_t> order(plan.graph.jobs().size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (backwards) std::reverse(order.begin(), order.end());
  for (const size_t index : order) {
    const run::Job& job = plan.graph[index];
    const run::RunDirectory directory(runs / job.directory);
    directory.create(job, plan.graph);
    if (job.kind == "train")
      write_training(job, corpus_of(plan, index), fixture, directory);
    else if (job.kind == "eval" && job.spec.contains("tasks"))
      write_answers(job, plan.graph[job.inputs.at("weights")], fixture, directory);
    else if (job.kind == "eval")
      write_eval(plan.graph[job.inputs.at("weights")], corpus_of(plan, index), fixture, directory);
    else
      write_other(job, directory);
    directory.mark_done();
  }
}

inline config::Offer offer(const std::string& profile, double price) {
  config::Offer one;
  one.profile = profile;
  one.price_instance = one.price_gpu = price;
  return one;
}

inline findings::Sources sources_of(const fs::path& runs) {
  findings::Sources sources;
  for (const char* name : {"a100-80g", "rtx-4090"})
    sources.profiles.emplace(name, config::find_profile(REPRO_SOURCE_ROOT, name));
  sources.runs = runs;
  sources.claims = claims::load_claims(fs::path(REPRO_TESTS) / "report/claims.toml", "claims.toml");
  sources.prices.name = "paper";
  sources.prices.title = "prices of a test";
  sources.prices.offers = {offer("rtx-4090", 0.35), offer("a100-80g", 2.28)};
  return sources;
}

}  // namespace repro::report
