#include "exchange/import.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "exchange/published_fixture.hpp"

using namespace repro;
using exchange::PublishedFixture;
using exchange::PublishedFolder;
using nlohmann::json;

namespace {

fs::path imported(const PublishedFixture& fixture, const std::string& name = "run") {
  const fs::path directory = fixture.beside(name);
  fs::create_directories(directory);
  PublishedFolder(fixture.path()).write(directory);
  return directory;
}

// The line with which a folder is refused; it is one.
std::string refusal(const PublishedFixture& fixture) {
  try {
    const PublishedFolder folder(fixture.path());
  } catch (const Error& error) {
    const std::string line = error.what();
    CHECK(line.find('\n') == line.npos);
    CHECK(line.starts_with(fixture.path().string()));
    return line;
  }
  return "accepted";
}

using Change = std::function<void(PublishedFixture&)>;

std::string refusal_after(const Change& change, PublishedFixture fixture) {
  change(fixture);
  fixture.write();
  return refusal(fixture);
}

std::string_view text_of(const SafetensorsTensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

}  // namespace

TEST_CASE("a run's tensors are the published numbers, experts above one another", "[exchange]") {
  const PublishedFixture qwen = PublishedFixture::qwen();
  const SafetensorsView run(imported(qwen) / "model.safetensors");
  const auto published = [&](const std::string& name) { return qwen.tensors.at(name).bytes; };
  CHECK(run.tensors().size() == 3 + 2 * (9 + 1 + 4 + 2));
  CHECK(text_of(run["lm_head.weight"]) == published("lm_head.weight"));
  const std::string mlp = "model.layers.1.mlp.";
  const SafetensorsTensor& both = run[mlp + "experts.gate_up_proj"];
  CHECK(both.shape == std::vector<int64_t>{3, 10, 8});
  std::string expected;
  for (const std::string expert : {"0", "1", "2"})
    expected += published(mlp + "experts." + expert + ".gate_proj.weight") +
                published(mlp + "experts." + expert + ".up_proj.weight");
  CHECK(text_of(both) == expected);
  CHECK(run[mlp + "experts.down_proj"].shape == std::vector<int64_t>{3, 8, 5});
  CHECK(text_of(run[mlp + "experts.down_proj"]).substr(160, 160) ==
        published(mlp + "experts.1.down_proj.weight"));
}

TEST_CASE("stacked experts and shards make the same run, byte by byte", "[exchange]") {
  const std::string one_by_one =
      read_file(imported(PublishedFixture::qwen()) / "model.safetensors");
  CHECK(read_file(imported(PublishedFixture::qwen(true)) / "model.safetensors") == one_by_one);
  const PublishedFixture sharded = PublishedFixture::qwen();
  sharded.write(3);
  CHECK(read_file(imported(sharded) / "model.safetensors") == one_by_one);
}

TEST_CASE("16-bit weights stay what they are, and say at what precision they are read",
          "[exchange]") {
  const PublishedFixture brain = PublishedFixture::qwen(false, "BF16");
  CHECK(PublishedFolder(brain.path()).precision() == "bf16-pure");
  const SafetensorsView run(imported(brain) / "model.safetensors");
  CHECK(run["model.norm.weight"].dtype == "BF16");
  CHECK(text_of(run["model.norm.weight"]) == brain.tensors.at("model.norm.weight").bytes);
  CHECK(PublishedFolder(PublishedFixture::qwen(false, "F16").path()).precision() == "fp32");
  CHECK(PublishedFolder(PublishedFixture::qwen().path()).precision() == "fp32");
}

TEST_CASE("LLaMA-MoE's published names find their places, its rotary buffer none", "[exchange]") {
  const PublishedFixture llama = PublishedFixture::llama();
  const SafetensorsView run(imported(llama) / "model.safetensors");
  const std::string mlp = "model.layers.0.mlp.";
  for (const std::string own :
       {"gate.gate_network.0.weight", "gate.gate_network.2.weight", "gate.weight_noise.weight"})
    CHECK(text_of(run[mlp + own]) == llama.tensors.at(mlp + own).bytes);
  const std::string experts = mlp + "calculator.experts.";
  CHECK(text_of(run[mlp + "experts.gate_up_proj"]).substr(160, 160) ==
        llama.tensors.at(experts + "weight_up.0").bytes);
  CHECK(text_of(run[mlp + "experts.down_proj"]).substr(480) ==
        llama.tensors.at(experts + "weight_down.3").bytes);
  CHECK_FALSE(run.contains("model.layers.0.self_attn.rotary_emb.inv_freq"));
  const config::ModelConfig model = PublishedFolder(llama.path()).config().model;
  CHECK(model.router == config::RouterConfig{.score = config::Score::selected_softmax,
                                             .network = config::RouterNetwork::mlp,
                                             .scale = 2,
                                             .noise = true});
  CHECK(model.expert_width == 5);
  CHECK_FALSE(model.qkv_bias);
}

TEST_CASE("a tensor that is missing, too many, misshapen or no weight is refused by name",
          "[exchange]") {
  const std::string expert = "model.layers.1.mlp.experts.2.up_proj.weight";
  const auto after = [](const Change& change) {
    return refusal_after(change, PublishedFixture::qwen());
  };
  CHECK_THAT(after([&](auto& f) { f.tensors.erase(expert); }),
             Catch::Contains("no tensor '" + expert + "'"));
  CHECK_THAT(after([](auto& f) { f.tensors.erase("model.norm.weight"); }),
             Catch::Contains("no tensor 'model.norm.weight'"));
  CHECK_THAT(
      after([](auto& f) { f.add("model.layers.0.self_attn.o_proj.bias", {8}); }),
      Catch::Contains("tensor 'model.layers.0.self_attn.o_proj.bias' belongs to no qwen2_moe"));
  CHECK_THAT(after([](auto& f) { f.add("model.layers.2.input_layernorm.weight", {8}); }),
             Catch::Contains("tensor 'model.layers.2.input_layernorm.weight' belongs to no"));
  CHECK_THAT(after([](auto& f) {
               f.add("lm_head.weight", {299, 8});
             }),
             Catch::Contains("tensor 'lm_head.weight' has shape [299, 8], but [300, 8]"));
  CHECK_THAT(after([](auto& f) {
               f.tensors["model.norm.weight"] = {"I8", {8}, "12345678"};
             }),
             Catch::Contains("tensor 'model.norm.weight' is I8"));
  CHECK_THAT(after([&](auto& f) {
               f.add(expert, {5, 8}, "BF16");
             }),
             Catch::Contains("tensor '" + expert + "' is BF16, others of its layer's experts are"));
  CHECK_THAT(refusal_after([](auto& f) { f.tensors.erase("model.layers.0.mlp.experts.down_proj"); },
                           PublishedFixture::qwen(true)),
             Catch::Contains("no tensor 'model.layers.0.mlp.experts.0.down_proj.weight'"));
  CHECK_THAT(refusal_after(
                 [](auto& f) { f.tensors.erase("model.layers.1.mlp.gate.gate_network.2.weight"); },
                 PublishedFixture::llama()),
             Catch::Contains("no tensor 'model.layers.1.mlp.gate.gate_network.2.weight'"));
}

TEST_CASE("a key of config.json that would not be honoured is refused by name", "[exchange]") {
  const auto with = [](const char* key, const json& value) {
    return refusal_after([&](auto& f) { f.config[key] = value; }, PublishedFixture::qwen());
  };
  CHECK_THAT(with("rope_scaling", {{"type", "linear"}, {"factor", 2.0}}),
             Catch::Contains("config.json: rope_scaling = "));
  CHECK_THAT(with("rope_parameters", {{"rope_type", "yarn"}, {"rope_theta", 1e4}}),
             Catch::Contains("config.json: rope_parameters: rope_type = \"yarn\""));
  CHECK_THAT(with("rope_parameters", {{"rope_theta", 1e4}, {"partial_rotary_factor", 0.5}}),
             Catch::Contains("key 'partial_rotary_factor'"));
  CHECK_THAT(with("use_sliding_window", true), Catch::Contains("use_sliding_window = true"));
  CHECK_THAT(with("layer_types", {"full_attention", "sliding_attention"}),
             Catch::Contains("only \"full_attention\" is supported"));
  CHECK_THAT(with("hidden_act", "gelu"), Catch::Contains("hidden_act = \"gelu\""));
  CHECK_THAT(with("tie_word_embeddings", true), Catch::Contains("tie_word_embeddings = true"));
  CHECK_THAT(with("decoder_sparse_step", 2), Catch::Contains("decoder_sparse_step = 2"));
  CHECK_THAT(with("mlp_only_layers", {0}), Catch::Contains("mlp_only_layers = [0]"));
  CHECK_THAT(with("quantization_config", {{"quant_method", "gptq"}}),
             Catch::Contains("key 'quantization_config'"));
  CHECK_THAT(with("model_type", "qwen2_mo"),
             Catch::Contains("known: qwen2_moe, llama_moe (did you mean 'qwen2_moe'?)"));
  CHECK_THAT(with("hidden_size", "8"), Catch::Contains("an integer is needed"));
  CHECK_THAT(with("num_hidden_layers", 0), Catch::Contains("must be at least 1"));
  CHECK_THAT(with("num_experts_per_tok", 4), Catch::Contains("top_k = 4 is more than experts = 3"));
  CHECK_THAT(with("num_experts", 100'000), Catch::Contains("has shape [3, 8], but [100000, 8]"));
  CHECK_THAT(with("num_hidden_layers", 10'000),
             Catch::Contains("no tensor 'model.layers.2.input_layernorm.weight'"));
  const auto llama_with = [](const char* key, const json& value) {
    return refusal_after([&](auto& f) { f.config[key] = value; }, PublishedFixture::llama());
  };
  CHECK_THAT(llama_with("score_scale_factor", {2.0, 3.0}), Catch::Contains("score_scale_factor"));
  CHECK_THAT(llama_with("size_experts", {{4, 6, 5, 5}, {5, 5, 5, 5}}),
             Catch::Contains("size_experts"));
  CHECK_THAT(llama_with("gate_use_softmax", false), Catch::Contains("gate_use_softmax = false"));
  CHECK_THAT(llama_with("rope_theta", 5e5), Catch::Contains("rope_theta = 500000"));
  CHECK_THAT(llama_with("gate_type", "SwitchBalancedGate"), Catch::Contains("gate_type"));
}

TEST_CASE("a config.json that lacks a key or is none is refused", "[exchange]") {
  for (const char* key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                          "num_experts", "num_experts_per_tok", "moe_intermediate_size",
                          "shared_expert_intermediate_size", "model_type"})
    CHECK_THAT(refusal_after([&](auto& f) { f.config.erase(key); }, PublishedFixture::qwen()),
               Catch::Contains(std::string("no key '") + key + "'"));
  const PublishedFixture fixture = PublishedFixture::qwen();
  write_file_atomically(fixture.path() / "config.json", "{\"model_type\": ");
  CHECK_THAT(refusal(fixture), Catch::Contains("config.json: no JSON from byte 15 on"));
  write_file_atomically(fixture.path() / "config.json", "[]");
  CHECK_THAT(refusal(fixture), Catch::Contains("config.json: not a JSON object"));
  fs::remove(fixture.path() / "config.json");
  CHECK_THAT(refusal(fixture), Catch::Contains("config.json: cannot open: No such file"));
}

TEST_CASE("a damaged file of weights is refused by its name", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  const fs::path file = fixture.path() / "model.safetensors";
  const std::string whole = read_file(file);
  const auto after = [&](const std::string& bytes) {
    write_file_atomically(file, bytes);
    return refusal(fixture);
  };
  CHECK_THAT(after(whole.substr(0, whole.size() / 2)), Catch::Contains("not a whole safetensors"));
  CHECK_THAT(after("abc"), Catch::Contains("not a whole safetensors file: it has 3 bytes"));
  std::string header = whole;
  header.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f");
  CHECK_THAT(after(header), Catch::Contains("its header of 9223372036854775807 bytes"));
  std::string overlap = whole;
  const size_t at = overlap.find("data_offsets\":[");
  const size_t second = overlap.find("data_offsets\":[", at + 1);
  const auto offsets = [&](size_t from) {
    return whole.substr(from + 15, whole.find(']', from) - from - 15);
  };
  REQUIRE(offsets(at).size() <= offsets(second).size());
  overlap.replace(second + 15, offsets(second).size(), offsets(at));
  CHECK_THAT(after(overlap), Catch::Contains("not a whole safetensors"));
  fs::remove(file);
  CHECK_THAT(refusal(fixture), Catch::Contains("holds no model.safetensors; give a folder"));
  write_file_atomically(fixture.path() / "pytorch_model.bin", "pickle");
  CHECK_THAT(refusal(fixture), Catch::Contains("is a program as well as data and is not run"));
}

TEST_CASE("an index that is not that of the shards is refused", "[exchange]") {
  const PublishedFixture fixture = PublishedFixture::qwen();
  const auto with_map = [&](const std::function<void(json&)>& change) {
    fixture.write(2);
    const fs::path file = fixture.path() / "model.safetensors.index.json";
    json index = json::parse(read_file(file));
    change(index["weight_map"]);
    write_file_atomically(file, index.dump());
    return refusal(fixture);
  };
  CHECK(with_map([](json&) {}) == "accepted");
  CHECK_THAT(with_map([](json& map) { map["lm_head.weight"] = "../outside.safetensors"; }),
             Catch::Contains("which is no file's name"));
  CHECK_THAT(with_map([](json& map) { map["lm_head.weight"] = "model-00003.safetensors"; }),
             Catch::Contains("names model-00003.safetensors, which is not there"));
  CHECK_THAT(with_map([](json& map) { map["more"] = map["lm_head.weight"]; }),
             Catch::Contains("tensor 'more' is in none of its files"));
  CHECK_THAT(with_map([](json& map) { map = json::array(); }),
             Catch::Contains("no weight_map of tensors to files"));
}

TEST_CASE("a tokenizer that is not the checkpoint's is refused", "[exchange]") {
  const auto after = [](const Change& change) {
    return refusal_after(change, PublishedFixture::qwen());
  };
  CHECK_THAT(after([](auto& f) { f.tokenizer["added_tokens"][0]["id"] = 300; }),
             Catch::Contains("vocab_size = 300, but its tokenizer has 301 tokens"));
  CHECK_THAT(after([](auto& f) { f.config["eos_token_id"] = 299; }),
             Catch::Contains("names token 299, which its tokenizer lacks (262 tokens)"));
  CHECK_THAT(after([](auto& f) { f.tokenizer_config["eos_token"] = "<|end|>"; }),
             Catch::Contains("eos_token = \"<|end|>\": no token of its tokenizer"));
  CHECK_THAT(after([](auto& f) {
               f.tokenizer_config.erase("eos_token");
               f.config.erase("eos_token_id");
             }),
             Catch::Contains("names no bos_token and no eos_token"));
  CHECK_THAT(after([](auto& f) { f.metadata["tokenizer_sha256"] = std::string(64, 'a'); }),
             Catch::Contains("is not the tokenizer that the weights were written with"));
  const PublishedFixture fixture = PublishedFixture::qwen();
  fs::remove(fixture.path() / "tokenizer.json");
  CHECK_THAT(refusal(fixture), Catch::Contains("holds no tokenizer.json and no tokenizer.model"));
}

TEST_CASE("what the tokenizer's settings leave open comes from config.json", "[exchange]") {
  PublishedFixture fixture = PublishedFixture::qwen();
  fixture.tokenizer_config = {{"model_max_length", 64}};
  fixture.config["bos_token_id"] = 65;
  fixture.write();
  const fs::path run = imported(fixture);
  const json settings = json::parse(read_file(run / "tokenizer_config.json"));
  CHECK(settings.at("eos_token") == "<|endoftext|>");
  CHECK(settings.at("bos_token") == "A");
  CHECK(settings.at("model_max_length") == 64);
  CHECK(SafetensorsView(run / "model.safetensors").metadata().at("tokenizer_sha256") ==
        sha256_hex_of_file(run / "tokenizer.json"));
}
