#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "cli/imported_run.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "exchange/import.hpp"
#include "run/job.hpp"
#include "run/lock.hpp"
#include "run/run_directory.hpp"

namespace repro::cli {
namespace {

using nlohmann::json;

struct CheckpointChoice {
  fs::path folder;
  bool wait = false;
};

run::Job checkpoint_job(const exchange::PublishedFolder& found, const fs::path& folder) {
  const exchange::PublishedConfig& config = found.config();
  run::Job job;
  job.kind = "import";
  job.name = "import-" + plain_name(folder.filename().string());
  job.spec = {{"format", "hf"},
              {"architecture", config.architecture->type},
              {"model", config::to_json(config.model)},
              {"sequence", config.positions},
              {"precision", found.precision()},
              {"weights_sha256", found.weights_sha256()},
              {"tokenizer_sha256", found.tokenizer().sha256},
              {"before_text", found.tokenizer().before_text}};
  job.execution = {{"source", printable_line(folder.string())}};
  return job;
}

json checkpoint_result(const exchange::PublishedFolder& found) {
  return {{"architecture", found.config().architecture->type},
          {"class", found.config().architecture->class_name},
          {"parameters", found.parameters()},
          {"precision", found.precision()},
          {"vocabulary", found.config().model.vocabulary},
          {"tokens", found.tokenizer().tokens},
          {"tokenizer_sha256", found.tokenizer().sha256}};
}

// Whole, or not there.
void write_run(const exchange::PublishedFolder& found, const run::RunDirectory& directory,
               const run::Job& job, const run::JobGraph& graph) {
  directory.create(job, graph);
  try {
    found.write(directory.path());
    write_file_atomically(directory.result_file(), checkpoint_result(found).dump(1) + "\n");
    directory.mark_done();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(directory.path(), ignored);
    throw;
  }
}

report::Table checkpoint_table(const json& result, const fs::path& folder,
                               const std::string& directory) {
  report::Table table{
      .title = fmt::format("{} -> {}", folder.string(), directory),
      .columns = {{.heading = "quantity", .align = report::Align::left}, {.heading = "value"}}};
  const auto count = [&](const char* key) {
    const auto value = result.at(key).get<int64_t>();
    return report::TableCell(with_commas(value), static_cast<double>(value));
  };
  table.add({"architecture", result.at("class").get<std::string>()});
  table.add({"parameters", count("parameters")});
  table.add({"rows of the vocabulary", count("vocabulary")});
  table.add({"tokens of its tokenizer", count("tokens")});
  table.add({"precision it is read at", result.at("precision").get<std::string>()});
  table.notes = {fmt::format("repro eval {} --tasks piqa answers tasks by it", directory)};
  return table;
}

Exit import_checkpoint(const Context& context, const CheckpointChoice& choice) {
  const fs::path given = fs::absolute(choice.folder).lexically_normal();
  const fs::path folder = given.has_filename() ? given : given.parent_path();
  const exchange::PublishedFolder found(folder);
  run::JobGraph graph;
  const run::Job& job = graph[graph.add(checkpoint_job(found, folder))];
  const run::RunsLock lock(context.runs, "import hf", choice.wait);
  const run::RunDirectory directory(context.runs / job.directory);
  if (directory.state() != run::State::done) write_run(found, directory, job, graph);
  json result = directory.result();
  result["directory"] = directory.path().string();
  if (context.json)
    print(result);
  else
    print(checkpoint_table(result, choice.folder, job.directory));
  return Exit::ok;
}

}  // namespace

void add_import_checkpoint(Program& program, CLI::App& import) {
  CLI::App& verb = program.add_verb(
      import, "hf", "a checkpoint that transformers saved -> a run that tasks are asked of",
      "  repro import hf my-checkpoint\n"
      "The folder holds config.json, model.safetensors (or its shards and index) and\n"
      "tokenizer.json (or tokenizer.model) of a Qwen2MoE or a LLaMA-MoE. A tensor that is\n"
      "missing, too many or of another shape is refused by its name, and so is a key of\n"
      "config.json or tokenizer.json that would not be honoured. Nothing of the folder is run.\n"
      "Writes the run <runs>/import-NAME-KEY.");
  auto choice = std::make_shared<CheckpointChoice>();
  verb.add_option("folder", choice->folder, "the folder of the checkpoint")->required();
  verb.add_flag("--wait", choice->wait, "wait for another repro that holds the folder of runs");
  program.on(verb, [&program, choice] { return import_checkpoint(program.context(), *choice); });
}

}  // namespace repro::cli
