#include <fmt/format.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/finished_run.hpp"
#include "cli/program.hpp"
#include "cli/run_names.hpp"
#include "cli/verbs.hpp"
#include "exchange/export.hpp"
#include "run/verifier.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct ExportChoice {
  std::string run;
  fs::path folder;
  std::string precision;  // "" = as the weights are stored
  double shard_gigabytes = 5;
};

const std::map<std::string, std::string> kPrecisions = {
    {"fp32", "F32"}, {"fp16", "F16"}, {"bf16", "BF16"}};

exchange::ExportRequest export_request(const run::RunDirectory& directory,
                                       const ExportChoice& choice) {
  run::JobGraph graph;
  const size_t job = add_finished(directory, graph);
  exchange::ExportRequest request;
  request.run = directory.path().string();
  request.model = model_of(graph[job], "export hf " + choice.run);
  request.weights = directory.weights();
  run::Verifier(directory.path().parent_path()).require(directory, "model.safetensors");
  const auto corpus = corpus_of(graph, job);
  if (!corpus && graph[job].kind != "import")
    throw Error("{}: rests on no corpus, whose tokenizer it would need", request.run);
  request.tokenizer =
      corpus ? directory.path().parent_path() / graph[*corpus].directory : directory.path();
  request.positions = sequence_of(graph, job);
  if (!choice.precision.empty()) request.dtype = kPrecisions.at(choice.precision);
  request.shard_bytes = static_cast<int64_t>(1e9 * choice.shard_gigabytes);
  return request;
}

report::Table export_table(const exchange::ExportResult& result, const ExportChoice& choice) {
  report::Table table{
      .title = fmt::format("{} -> {}", choice.run, choice.folder.string()),
      .columns = {{.heading = "quantity", .align = report::Align::left}, {.heading = "value"}}};
  const auto bytes = static_cast<double>(result.bytes);
  table.add({"class in transformers", result.class_name});
  table.add({"type of the weights", result.dtype});
  table.add({"weights", {human_bytes(bytes), bytes}});
  table.add({"files", {with_commas(result.files), static_cast<double>(result.files)}});
  return table;
}

Exit export_checkpoint(const Context& context, const ExportChoice& choice) {
  const run::RunDirectory directory = find_run(context, choice.run);
  const auto request = export_request(directory, choice);
  const exchange::ExportResult result = exchange::export_model(request, choice.folder);
  if (context.json)
    print(json({{"directory", choice.folder.string()},
                {"class", result.class_name},
                {"dtype", result.dtype},
                {"bytes", result.bytes},
                {"files", result.files}}));
  else
    print(export_table(result, choice));
  return Exit::ok;
}

}  // namespace

void add_export(Program& program) {
  CLI::App& parent =
      program.add_verb("export", "a run's model, or the records of runs, for other programs",
                       "  repro export hf import-my-checkpoint exported --precision bf16\n"
                       "  repro export sqlite all-runs.db");
  parent.require_subcommand(1);
  add_export_runs(program, parent);
  CLI::App& verb = program.add_verb(
      parent, "hf", "a folder that transformers loads as it is",
      "  repro export hf import-my-checkpoint my-model\n"
      "  repro export hf import-my-checkpoint my-small-model --precision bf16\n"
      "A run is a folder of runs/, or as much of its name as only one has. Writes config.json,\n"
      "generation_config.json, model.safetensors (above 5 GB shards and their index) and the\n"
      "files of its tokenizer, all or nothing. A Qwen2MoE is known to transformers; a LLaMA-MoE\n"
      "has its published names, which the two Python files of its authors load. Tokens are the\n"
      "same but where a text spells a control piece: transformers takes a written </s> for the\n"
      "token.");
  auto choice = std::make_shared<ExportChoice>();
  verb.add_option("run", choice->run, "a finished training, merge or imported checkpoint")
      ->required();
  verb.add_option("folder", choice->folder, "to write; must be new or empty")->required();
  verb.add_option("--precision", choice->precision, "of the weights; default: as they are stored")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}));
  verb.add_option("--shard", choice->shard_gigabytes,
                  "GB of weights in a file, beyond which they are in several")
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1e6));
  program.on(verb, [&program, choice] { return export_checkpoint(program.context(), *choice); });
}

}  // namespace repro::cli
