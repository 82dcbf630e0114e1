#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "exchange/published_fixture.hpp"
#include "run/run_directory.hpp"

using namespace repro;
using exchange::PublishedFixture;
using nlohmann::json;

namespace {

Finished repro_in(const PublishedFixture& fixture, const std::vector<std::string>& args) {
  return cli::run_in(fixture.beside(""), args);
}

// The run that a fixture was imported as.
run::RunDirectory imported(const PublishedFixture& fixture) {
  const auto done = repro_in(fixture, {"import", "hf", "published", "--json"});
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  const fs::path directory = json::parse(done.output).at("directory").get<std::string>();
  return run::RunDirectory(fixture.beside(directory.string()));
}

}  // namespace

TEST_CASE("an imported checkpoint is a finished run of its own key", "[cli]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  const run::RunDirectory directory = imported(fixture);
  CHECK(directory.path().filename().string().starts_with("import-published-"));
  CHECK(directory.state() == run::State::done);
  const run::OpenedJob job = run::open_job(directory);
  CHECK(job.kind == "import");
  CHECK(job.spec.at("architecture") == "qwen2_moe");
  CHECK(job.spec.at("model").at("experts") == 3);
  CHECK(job.spec.at("sequence") == 64);
  CHECK(job.spec.at("precision") == "fp32");
  CHECK(job.spec.at("before_text") == 261);
  CHECK(directory.result().at("tokens") == 262);
  CHECK(fs::exists(directory.weights()));
  // The same again is the same run; other weights are another.
  const auto written = fs::last_write_time(directory.weights());
  CHECK(imported(fixture).path() == directory.path());
  CHECK(fs::last_write_time(directory.weights()) == written);
  PublishedFixture other = fixture;
  other.tensors["model.norm.weight"] = exchange::random_tensor("other", {8});
  other.write();
  CHECK(imported(other).path() != directory.path());
}

TEST_CASE("an import says in a table what it read, and how to ask it", "[cli]") {
  const PublishedFixture fixture = PublishedFixture::llama();
  const auto done = repro_in(fixture, {"import", "hf", "published/"});
  CHECK(done.exit_code == 0);
  CHECK_THAT(done.output, Catch::Contains("LlamaMoEForCausalLM"));
  CHECK_THAT(done.output, Catch::Contains("repro eval import-published-"));
}

TEST_CASE("a refused import is one line, code 4, and leaves no run", "[cli]") {
  PublishedFixture fixture = PublishedFixture::qwen();
  fixture.tensors.erase("model.norm.weight");
  fixture.write();
  const auto refused = repro_in(fixture, {"import", "hf", "published"});
  CHECK(refused.exit_code == 4);
  CHECK(refused.output.empty());
  CHECK_THAT(refused.errors, Catch::StartsWith("repro: error: "));
  CHECK_THAT(refused.errors, Catch::Contains("no tensor 'model.norm.weight'"));
  CHECK(std::count(refused.errors.begin(), refused.errors.end(), '\n') == 1);
  CHECK_FALSE(fs::exists(fixture.beside("runs")));
  CHECK(repro_in(fixture, {"import", "hf", "nowhere"}).exit_code == 4);
  CHECK(repro_in(fixture, {"import", "hf"}).exit_code == 64);
}

TEST_CASE("an imported run is exported again, by as much of its name as only it has", "[cli]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  imported(fixture);
  const auto done =
      repro_in(fixture, {"export", "hf", "import-pub", "out", "--precision", "bf16", "--json"});
  INFO(done.errors);
  REQUIRE(done.exit_code == 0);
  CHECK(json::parse(done.output).at("class") == "Qwen2MoeForCausalLM");
  CHECK(json::parse(done.output).at("dtype") == "BF16");
  CHECK(fs::exists(fixture.beside("out") / "model.safetensors"));
  const auto parts = repro_in(fixture, {"export", "hf", "import-pub", "parts", "--shard", "1e-5"});
  CHECK(parts.exit_code == 0);
  CHECK(fs::exists(fixture.beside("parts") / "model.safetensors.index.json"));
  // A folder that holds something is left alone.
  const auto refused = repro_in(fixture, {"export", "hf", "import-pub", "out"});
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.errors, Catch::Contains("holds something already"));
  CHECK(repro_in(fixture, {"export", "hf", "import-pub", "new", "--precision", "int8"}).exit_code ==
        64);
  CHECK_FALSE(fs::exists(fixture.beside("new")));
}

TEST_CASE("a run without a model, or with changed weights, is not exported", "[cli]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  const run::RunDirectory directory = imported(fixture);
  std::string weights = read_file(directory.weights());
  weights.back() ^= 1;
  write_file_atomically(directory.weights(), weights);
  const auto changed = repro_in(fixture, {"export", "hf", "import-pub", "out"});
  CHECK(changed.exit_code == 4);
  CHECK_THAT(changed.errors, Catch::Contains("its bytes changed after the run was done"));
  CHECK_FALSE(fs::exists(fixture.beside("out")));
  write_file_atomically(fixture.beside("train.csv"), "step,loss\n1,5.5\n2,5.25\n");
  const auto log = repro_in(fixture, {"import", "log", "train.csv", "--format", "csv"});
  INFO(log.errors);
  REQUIRE(log.exit_code == 0);
  const auto no_model = repro_in(fixture, {"export", "hf", "import-train", "out"});
  CHECK(no_model.exit_code != 0);
  CHECK_FALSE(fs::exists(fixture.beside("out")));
}
