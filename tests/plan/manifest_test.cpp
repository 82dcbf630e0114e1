#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/library.hpp"
#include "config/task.hpp"
#include "plan/manifest.hpp"
#include "temporary_directory.hpp"

namespace repro::plan {
namespace {

const fs::path kManifests = fs::path(REPRO_TESTS) / "manifests";

// A root with the project's own parts, table 3, and one manifest under test, all in
// experiments/test/.
class Root {
 public:
  explicit Root(const fs::path& manifest) {
    const fs::path experiments = folder_.path() / "experiments";
    fs::create_directories(experiments / "test");
    const fs::path source = REPRO_SOURCE_ROOT;
    for (const char* part : {"scales", "corpora", "claims"})
      fs::create_directory_symlink(source / "experiments" / part, experiments / part);
    // Two models, so that a message that lists them stays when another one joins.
    fs::create_directory(experiments / "models");
    for (const char* model : {"qwen_moe.toml", "llama_moe.toml"})
      fs::copy(source / "experiments/models" / model, experiments / "models");
    for (const char* folder : {"hardware_profiles", "eval"})
      fs::create_directory_symlink(source / folder, folder_.path() / folder);
    fs::copy(source / "experiments/moe_disco/table3.toml", experiments / "test/table3.toml");
    if (!manifest.empty()) fs::copy(manifest, experiments / "test");
  }
  const fs::path& path() const { return folder_.path(); }

 private:
  TemporaryDirectory folder_;
};

// The leading comment lines of a bad manifest: the message it must print. "{methods}" and "{tasks}"
// stand for all there are.
std::string expected_message(const fs::path& manifest) {
  std::vector<std::string> lines;
  for (const std::string& line : split(read_file(manifest), '\n')) {
    if (!line.starts_with("# ")) break;
    lines.push_back(line.substr(2));
  }
  std::string message = join(lines, "\n");
  const auto put = [&](const std::string& word, const std::vector<std::string>& names) {
    for (size_t at; (at = message.find(word)) != std::string::npos;)
      message.replace(at, word.size(), join(names, ", "));
  };
  put("{methods}", method_names());
  put("{tasks}", config::task_names(REPRO_SOURCE_ROOT));
  return message;
}

std::string message_of(const fs::path& manifest) {
  const Root root(manifest);
  try {
    load_experiment(root.path(), manifest.stem().string(), {});
  } catch (const Error& error) {
    CHECK(error.exit() == Exit::bad_input);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("every bad manifest prints exactly the error in its first lines", "[plan]") {
  int manifests = 0;
  for (const auto& entry : fs::directory_iterator(kManifests / "bad")) {
    INFO(entry.path().string());
    CHECK(message_of(entry.path()) == expected_message(entry.path()));
    ++manifests;
  }
  CHECK(manifests >= 25);
}

TEST_CASE("every experiment of the project loads at every scale", "[plan]") {
  const fs::path root = REPRO_SOURCE_ROOT;
  for (const std::string& scale : config::scale_names(root))
    for (const std::string& name : config::experiment_names(root)) {
      ExperimentOptions options;
      options.scale = scale;
      INFO(name << " at " << scale);
      const Experiment experiment = load_experiment(root, name, options);
      CHECK(experiment.scale.name == scale);
      CHECK(experiment.model_entries.size() == experiment.models.size());
      CHECK(experiment.corpus_entries.size() == experiment.corpora.size());
    }
}

TEST_CASE("a scale overrides a manifest's value and the difference is recorded with its line",
          "[plan]") {
  const Experiment experiment = load_experiment(REPRO_SOURCE_ROOT, "table3", {});
  CHECK(experiment.match.sequence == 128);
  const auto at = std::find_if(experiment.differences.begin(), experiment.differences.end(),
                               [](const Difference& d) { return d.path == "match.sequence"; });
  REQUIRE(at != experiment.differences.end());
  CHECK(at->paper == "1024");
  CHECK(at->here == "128");
  CHECK(at->origin.starts_with("experiments/scales/mini.toml:"));
}

TEST_CASE("a setting wins over the scale, in the manifest, the scale and a model", "[plan]") {
  ExperimentOptions options;
  options.settings = {"match.batch=4", "scale.lr_width_exponent=0", "model.qwen_moe.layers=3",
                      "arm.disco.merge.gamma=tokens"};
  const Experiment experiment = load_experiment(REPRO_SOURCE_ROOT, "table3", options);
  CHECK(experiment.match.batch == 4);
  CHECK(experiment.scale.lr_width_exponent == 0);
  CHECK(experiment.model_entries.at("qwen_moe").model.layers == 3);
  CHECK(experiment.model_entries.at("llama_moe").model.layers != 3);
  CHECK(std::get<DiscoArm>(experiment.arms[1]).merge.gamma == "tokens");
}

TEST_CASE("speed is a word or a number, and the command line may replace one by the other",
          "[plan]") {
  const auto speed = [](std::vector<std::string> settings) {
    ExperimentOptions options;
    options.settings = std::move(settings);
    return load_experiment(REPRO_SOURCE_ROOT, "table3", options).speed;
  };
  CHECK(speed({}).rule == Speed::Rule::peaks);
  CHECK(speed({"speed=equal"}).rule == Speed::Rule::equal);
  CHECK(speed({"speed=paper", "speed=1.5"}).ratio == 1.5);
  CHECK(speed({"speed=2"}).rule == Speed::Rule::given);
  CHECK(speed({"speed=2", "speed=measured"}).rule == Speed::Rule::measured);
  CHECK_THROWS_WITH(speed({"speed=-1"}), Catch::Contains("--set: speed = -1: expected a ratio"));
}

TEST_CASE("a setting of the wrong type or of an unknown path is refused", "[plan]") {
  const auto refused = [](const char* setting) {
    ExperimentOptions options;
    options.settings = {setting};
    CHECK_THROWS_AS(load_experiment(REPRO_SOURCE_ROOT, "table3", options), Error);
  };
  refused("match.batch=large");
  refused("match.bach=4");
  refused("model.qwen_moe.layer=4");
  refused("scale.nothing=1");
  refused("match.batch");
  refused("arm.fuller.steps=4");
  refused("arm.disco.finetune.lr=4");
}

namespace {

Experiment asked_for(std::vector<std::string> settings, std::optional<int64_t> seeds = {}) {
  ExperimentOptions options;
  options.settings = std::move(settings);
  options.seeds = seeds;
  return load_experiment(REPRO_SOURCE_ROOT, "table3", options);
}

// The paper's value that is shown beside the path's; "" where no difference is.
std::string papers_value(const Experiment& experiment, const std::string& path) {
  std::string paper;
  for (const Difference& one : experiment.differences)
    if (one.path == path) {
      CHECK(paper.empty());  // once
      paper = one.paper;
    }
  return paper;
}

}  // namespace

TEST_CASE("a difference names the paper's own value, whatever changed it before", "[plan]") {
  CHECK(papers_value(asked_for({"match.sequence=64"}), "match.sequence") == "1024");
  CHECK(papers_value(asked_for({"match.sequence=1024"}), "match.sequence") == "");
  CHECK(papers_value(asked_for({}), "corpus.c4") == "c4");
}

TEST_CASE("steps that the manifest leaves to its cells are named cell by cell, never 0", "[plan]") {
  for (const char* path : {"steps", "arm.full.steps"}) {
    const std::string paper = papers_value(asked_for({std::string(path) + "=77"}), path);
    CHECK_THAT(paper, Catch::Contains("21150 (qwen_moe/c4)") &&
                          Catch::Contains("21000 (llama_moe/openwebtext)"));
  }
  CHECK_THAT(papers_value(asked_for({"arm.disco.submodel.steps=0.5"}), "arm.disco.submodel.steps"),
             Catch::Contains("4200 (qwen_moe/c4)"));
}

TEST_CASE("what is asked besides the scale is told by what it changes, not by how it is typed",
          "[plan]") {
  CHECK(asked_for({}).asked.empty());
  CHECK(asked_for({"match.sequence=128", "scale.corpora.c4=web"}, 1).asked.empty());
  const std::vector<std::string> two = {"match.batch=8", "seeds=[0, 1, 2]"};
  CHECK(asked_for({"match.batch=8"}, 3).asked == two);
  CHECK(asked_for({"seeds=[0,1,2]", "match.batch=4", "match.batch = 8"}).asked == two);
  CHECK(asked_for({"scale.corpora.c4=reference"}).asked ==
        std::vector<std::string>{"scale.corpora.c4=\"reference\""});
}

TEST_CASE("an unknown experiment is answered with the nearest name", "[plan]") {
  CHECK_THROWS_WITH(load_experiment(REPRO_SOURCE_ROOT, "tabel3", {}),
                    Catch::Contains("did you mean 'table3'?"));
}

TEST_CASE("an arm's model is the cell's with the arm's own values in it", "[plan]") {
  const Experiment experiment = load_experiment(REPRO_SOURCE_ROOT, "figure7", {});
  const Experiment::ModelEntry& entry = experiment.model_entries.at("llama_moe");
  REQUIRE(entry.arm_models.size() == 3);
  CHECK(entry.arm_models[0] == entry.model);
  CHECK(entry.arm_models[2].experts == 2);
  config::ModelConfig same = entry.arm_models[2];
  same.experts = entry.model.experts;
  same.top_k = entry.model.top_k;
  CHECK(same == entry.model);
}

TEST_CASE("a dense arm has its cell's experts in one, without a router", "[plan]") {
  ExperimentOptions options;
  options.settings = {"arm.full.dense=true"};
  const Experiment experiment = load_experiment(REPRO_SOURCE_ROOT, "table3", options);
  for (const auto& [key, entry] : experiment.model_entries) {
    const config::ModelConfig& dense = entry.arm_models[0];
    CHECK(dense.experts * dense.expert_width == entry.model.experts * entry.model.expert_width);
    CHECK(dense.experts == 1);
    CHECK(dense.router.select == config::Select::none);
    CHECK(dense.losses.empty());
    CHECK(entry.arm_models[1] == entry.model);  // the other arm's is as it was
  }
}

TEST_CASE("what a manifest wants at a scale holds there, and in scales that extend it", "[plan]") {
  const auto loaded = [](const std::string& scale) {
    ExperimentOptions options;
    options.scale = scale;
    return load_experiment(REPRO_SOURCE_ROOT, "table3", options);
  };
  CHECK(loaded("paper").check.rates.empty());
  CHECK(loaded("mini").check.rates == std::vector<double>{0.5, 2});
  CHECK(loaded("mini").check.corpora == std::vector<std::string>{"c4"});
  const Experiment study = loaded("study");
  CHECK(study.seeds == std::vector<int64_t>{0, 1, 2});
  CHECK(study.check.rates == std::vector<double>{0.5, 2});
  CHECK(study.check.corpora.empty());
  CHECK(study.match.batch == loaded("mini").match.batch);
  CHECK(study.scale.title == "study");
}

TEST_CASE("seeds on the command line replace the manifest's", "[plan]") {
  ExperimentOptions options;
  options.seeds = 3;
  const Experiment experiment = load_experiment(REPRO_SOURCE_ROOT, "table3", options);
  CHECK(experiment.seeds == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("every value of a model that differs from the paper's is listed, and no other",
          "[plan]") {
  const auto differences = [](const std::string& scale) {
    ExperimentOptions options;
    options.scale = scale;
    std::map<std::string, std::pair<std::string, std::string>> all;
    for (const Difference& d : load_experiment(REPRO_SOURCE_ROOT, "table3", options).differences)
      all[d.path] = {d.paper, d.here};
    return all;
  };
  const auto mini = differences("mini");
  CHECK(mini.at("model.qwen_moe.shared_width").first == "5632");
  CHECK(mini.at("model.qwen_moe.shared_width").second !=
        mini.at("model.qwen_moe.shared_width").first);
  CHECK(mini.contains("model.qwen_moe.width"));
  CHECK(mini.contains("corpus.c4"));
  CHECK_FALSE(mini.contains("model.qwen_moe.norm_epsilon"));
  for (const auto& [path, values] : differences("paper")) CHECK_FALSE(path.starts_with("model."));
}

TEST_CASE("a manifest may extend one that extends none, and no longer chain", "[plan]") {
  const Root root("");
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(root.path() / "experiments/test" / (name + ".toml")) << text;
  };
  write("once", "extends = \"table3\"\n");
  write("twice", "extends = \"once\"\n");
  CHECK_NOTHROW(load_experiment(root.path(), "once", {}));
  CHECK_THROWS_WITH(load_experiment(root.path(), "twice", {}),
                    Catch::Contains("extends another") && Catch::Contains("extend that one"));
}

TEST_CASE("more tokens than can be counted are refused, whoever asks for them", "[plan]") {
  ExperimentOptions options;
  options.settings = {"steps=1000000000", "match.batch=1000000", "match.sequence=2"};
  CHECK_THROWS_WITH(load_experiment(REPRO_SOURCE_ROOT, "table3", options),
                    Catch::Contains("are more than 1e+15 tokens; lower one"));
  options.settings[1] = "match.batch=500000";
  CHECK_NOTHROW(load_experiment(REPRO_SOURCE_ROOT, "table3", options));
}

}  // namespace repro::plan
