#include "exchange/export.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "exchange/import.hpp"
#include "exchange/published_fixture.hpp"

using namespace repro;
using exchange::ExportRequest;
using exchange::PublishedFixture;
using exchange::PublishedFolder;
using nlohmann::json;

namespace {

// A run that was imported, as what an export is made of.
ExportRequest export_of(const PublishedFixture& fixture) {
  const fs::path run = fixture.beside("run");
  fs::create_directories(run);
  const PublishedFolder folder(fixture.path());
  folder.write(run);
  ExportRequest request;
  request.run = "run";
  request.weights = run / "model.safetensors";
  request.tokenizer = run;
  request.model = folder.config().model;
  request.positions = folder.config().positions;
  return request;
}

std::set<std::string> names(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder))
    found.insert(entry.path().filename().string());
  return found;
}

bool holds_the_same(const exchange::Checkpoint& checkpoint, const PublishedFixture& fixture) {
  for (const auto& [name, tensor] : fixture.tensors) {
    const SafetensorsTensor* found = checkpoint.find(name);
    if (name.ends_with("inv_freq")) continue;
    if (found == nullptr || found->shape != tensor.shape || found->dtype != tensor.dtype ||
        std::memcmp(found->data.data(), tensor.bytes.data(), tensor.bytes.size()) != 0)
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("what was imported is exported as it was published", "[exchange]") {
  for (const PublishedFixture& fixture : {PublishedFixture::qwen(), PublishedFixture::llama(),
                                          PublishedFixture::qwen(false, "BF16")}) {
    const fs::path out = fixture.beside("out");
    const auto result = exchange::export_model(export_of(fixture), out);
    CHECK(names(out) == std::set<std::string>{"config.json", "generation_config.json",
                                              "model.safetensors", "tokenizer.json",
                                              "tokenizer_config.json"});
    const exchange::Checkpoint checkpoint(out);
    CHECK(holds_the_same(checkpoint, fixture));
    CHECK(checkpoint.metadata("format") == "pt");
    CHECK(result.files == 5);
    int64_t bytes = 0;
    for (const auto& [name, tensor] : checkpoint.tensors())
      bytes += static_cast<int64_t>(tensor->data.size());
    CHECK(result.bytes == bytes);
    CHECK(read_file(out / "tokenizer.json") == read_file(fixture.path() / "tokenizer.json"));
    const json config = json::parse(read_file(out / "config.json"));
    CHECK(config.at("architectures") == fixture.config.at("architectures"));
    CHECK(config.at("eos_token_id") == 261);
    for (const char* key : {"vocab_size", "hidden_size", "num_experts", "max_position_embeddings",
                            "num_key_value_heads", "rms_norm_eps"})
      CHECK(config.at(key) == fixture.config.at(key));
    // Again, and the two runs are one.
    const PublishedFolder again(out), first(fixture.path());
    CHECK(again.config().model == first.config().model);
    CHECK(again.precision() == first.precision());
  }
}

TEST_CASE("an exported checkpoint whose tokenizer was changed is refused", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  const fs::path out = fixture.beside("out");
  exchange::export_model(export_of(fixture), out);
  json tokenizer = json::parse(read_file(out / "tokenizer.json"));
  tokenizer["model"]["merges"].erase(4);
  write_file_atomically(out / "tokenizer.json", tokenizer.dump());
  CHECK_THROWS_WITH(PublishedFolder(out),
                    Catch::Contains("is not the tokenizer that the weights were written with"));
}

TEST_CASE("an export may be of another precision", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  ExportRequest request = export_of(fixture);
  for (const std::string dtype : {"BF16", "F16", "F32"}) {
    request.dtype = dtype;
    const fs::path out = fixture.beside("out-" + dtype);
    CHECK(exchange::export_model(request, out).dtype == dtype);
    const exchange::Checkpoint checkpoint(out);
    for (const auto& [name, tensor] : checkpoint.tensors()) CHECK(tensor->dtype == dtype);
    std::string expected;
    const std::string& published = fixture.tensors.at("model.norm.weight").bytes;
    append_floats(std::as_bytes(std::span(published)), "F32", dtype, expected);
    CHECK(std::memcmp(checkpoint.find("model.norm.weight")->data.data(), expected.data(),
                      expected.size()) == 0);
  }
  CHECK(json::parse(read_file(fixture.beside("out-BF16") / "config.json")).at("dtype") ==
        "bfloat16");
}

TEST_CASE("beyond a size an export is in shards with an index", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  ExportRequest request = export_of(fixture);
  request.shard_bytes = 12'000;
  const fs::path out = fixture.beside("out");
  const auto result = exchange::export_model(request, out);
  CHECK_FALSE(fs::exists(out / "model.safetensors"));
  const json index = json::parse(read_file(out / "model.safetensors.index.json"));
  CHECK(index.at("metadata").at("total_size") == result.bytes);
  CHECK(index.at("weight_map").size() == fixture.tensors.size());
  CHECK(index.at("weight_map").at("model.embed_tokens.weight") ==
        "model-00001-of-00003.safetensors");
  const exchange::Checkpoint checkpoint(out);
  CHECK(checkpoint.files().size() == 3);
  CHECK(holds_the_same(checkpoint, fixture));
  for (const fs::path& file : checkpoint.files()) CHECK(fs::file_size(file) < 20'000);
  PublishedFolder(out).config();
}

TEST_CASE("a model without a router is exported with one of zeros and read without", "[exchange]") {
  PublishedFixture fixture = PublishedFixture::qwen();
  for (auto at = fixture.tensors.begin(); at != fixture.tensors.end();)
    at = at->first.find("experts.1.") != std::string::npos ||
                 at->first.find("experts.2.") != std::string::npos
             ? fixture.tensors.erase(at)
             : std::next(at);
  for (const std::string layer : {"model.layers.0.", "model.layers.1."})
    fixture.add(layer + "mlp.gate.weight", {1, 8});
  fixture.config["num_experts"] = fixture.config["num_experts_per_tok"] = 1;
  fixture.write();
  const ExportRequest request = export_of(fixture);
  CHECK(request.model.router.select == config::Select::none);
  CHECK_FALSE(SafetensorsView(request.weights).contains("model.layers.0.mlp.gate.weight"));
  const fs::path out = fixture.beside("out");
  exchange::export_model(request, out);
  const exchange::Checkpoint checkpoint(out);
  const SafetensorsTensor* gate = checkpoint.find("model.layers.1.mlp.gate.weight");
  REQUIRE(gate != nullptr);
  CHECK(gate->shape == std::vector<int64_t>{1, 8});
  for (const std::byte byte : gate->data) CHECK(byte == std::byte{0});
  CHECK(checkpoint.tensors().size() == fixture.tensors.size());
}

TEST_CASE("an export that fails leaves nothing, and what was there as it was", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  ExportRequest request = export_of(fixture);
  const fs::path out = fixture.beside("out");
  const auto untouched = [&] {
    return names(fixture.path().parent_path()) == std::set<std::string>{"published", "run"};
  };
  ExportRequest wrong = request;
  wrong.model.expert_width = 6;
  CHECK_THROWS_WITH(exchange::export_model(wrong, out),
                    Catch::Contains("has shape [3, 10, 8], but [3, 12, 8]"));
  wrong = request;
  wrong.model.vocabulary = 261;
  CHECK_THROWS_WITH(exchange::export_model(wrong, out),
                    Catch::Contains("its tokenizer has 262 tokens, the model 261 rows"));
  wrong = request;
  wrong.model.layers = 1;
  CHECK_THROWS_WITH(exchange::export_model(wrong, out), Catch::Contains("tensors"));
  CHECK(untouched());

  struct rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {20'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_WITH(exchange::export_model(request, out), Catch::Contains("cannot write"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(untouched());

  fs::create_directories(out);
  write_file_atomically(out / "mine", "1");
  CHECK_THROWS_WITH(exchange::export_model(request, out),
                    Catch::Contains("holds something already"));
  CHECK(names(out) == std::set<std::string>{"mine"});
}
