#pragma once
// Folders as transformers and LLaMA-MoE's authors publish them, written by their names and not by
// the tables that read them.

#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/narrow_floats.hpp"
#include "base/random.hpp"
#include "base/safetensors.hpp"
#include "exchange/tokenizer_json.hpp"
#include "temporary_directory.hpp"

namespace repro::exchange {

struct PublishedTensor {
  std::string dtype = "F32";
  std::vector<int64_t> shape;
  std::string bytes;
};

// Every tensor has numbers of its own, by its name.
inline PublishedTensor random_tensor(const std::string& name, std::vector<int64_t> shape,
                                     const std::string& dtype = "F32") {
  uint64_t stream = 0;
  for (const char c : name) stream = stream * 131 + static_cast<unsigned char>(c);
  size_t count = 1;
  for (const int64_t size : shape) count *= static_cast<size_t>(size);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(random_normal(7, stream, i)));
  PublishedTensor tensor{dtype, std::move(shape), ""};
  append_floats(std::as_bytes(std::span(values)), "F32", dtype, tensor.bytes);
  return tensor;
}

// A byte-level tokenizer of 262 tokens: the bytes, some merges, the end of text.
inline nlohmann::json byte_tokenizer() {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (size_t byte = 0; byte < 256; ++byte) vocabulary[byte_characters()[byte]] = byte;
  nlohmann::json merges = nlohmann::json::array();
  int next = 256;
  for (const auto& [left, right] : std::vector<std::pair<std::string, std::string>>{
           {"t", "h"}, {"th", "e"}, {"\u0120", "the"}, {"a", "t"}, {"i", "n"}}) {
    vocabulary[left + right] = next++;
    merges.push_back(left + " " + right);
  }
  return {{"version", "1.0"},
          {"added_tokens",
           {{{"id", 261},
             {"content", "<|endoftext|>"},
             {"special", true},
             {"normalized", false},
             {"lstrip", false},
             {"rstrip", false},
             {"single_word", false}}}},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}}};
}

class PublishedFixture {
 public:
  // Qwen2MoE of 2 layers and 3 experts, its experts one by one or stacked.
  static PublishedFixture qwen(bool stacked = false, const std::string& dtype = "F32") {
    PublishedFixture f;
    f.config = {{"architectures", {"Qwen2MoeForCausalLM"}},
                {"model_type", "qwen2_moe"},
                {"torch_dtype", "float32"},
                {"vocab_size", 300},
                {"hidden_size", 8},
                {"num_hidden_layers", 2},
                {"num_attention_heads", 2},
                {"num_key_value_heads", 1},
                {"num_experts", 3},
                {"num_experts_per_tok", 2},
                {"moe_intermediate_size", 5},
                {"shared_expert_intermediate_size", 6},
                {"intermediate_size", 7},
                {"max_position_embeddings", 64},
                {"rope_theta", 1e6},
                {"rms_norm_eps", 1e-5},
                {"hidden_act", "silu"},
                {"use_sliding_window", false},
                {"sliding_window", 32},
                {"tie_word_embeddings", false},
                {"bos_token_id", nullptr},
                {"eos_token_id", 261}};
    f.add("model.embed_tokens.weight", {300, 8}, dtype);
    f.add("model.norm.weight", {8}, dtype);
    f.add("lm_head.weight", {300, 8}, dtype);
    for (const std::string layer : {"model.layers.0.", "model.layers.1."}) {
      f.add_attention(layer, dtype);
      for (const std::string which : {"q", "k", "v"})
        f.add(layer + "self_attn." + which + "_proj.bias", {which == "q" ? 8 : 4}, dtype);
      f.add(layer + "mlp.gate.weight", {3, 8}, dtype);
      for (const std::string which : {"gate", "up"})
        f.add(layer + "mlp.shared_expert." + which + "_proj.weight", {6, 8}, dtype);
      f.add(layer + "mlp.shared_expert.down_proj.weight", {8, 6}, dtype);
      f.add(layer + "mlp.shared_expert_gate.weight", {1, 8}, dtype);
      for (const std::string expert : {"0.", "1.", "2."}) {
        const std::string at = layer + "mlp.experts." + expert;
        f.add(at + "gate_proj.weight", {5, 8}, dtype);
        f.add(at + "up_proj.weight", {5, 8}, dtype);
        f.add(at + "down_proj.weight", {8, 5}, dtype);
      }
      if (stacked) f.stack(layer);
    }
    f.write();
    return f;
  }

  // LLaMA-MoE of 2 layers and 4 experts, with its gate of two layers and its noise.
  static PublishedFixture llama() {
    PublishedFixture f;
    f.config = {{"architectures", {"LlamaMoEForCausalLM"}},
                {"model_type", "llama_moe"},
                {"auto_map", {{"AutoConfig", "configuration_llama_moe.LlamaMoEConfig"}}},
                {"vocab_size", 300},
                {"hidden_size", 8},
                {"num_hidden_layers", 2},
                {"num_attention_heads", 2},
                {"num_key_value_heads", 1},
                {"intermediate_size", 20},
                {"num_experts", 4},
                {"num_selects", 2},
                {"size_experts", {{5, 5, 5, 5}, {5, 5, 5, 5}}},
                {"gate_type", "TopKBalancedNoisyGate"},
                {"gate_network", "mlp"},
                {"gate_use_softmax", true},
                {"gate_use_balance", true},
                {"gate_add_noise", true},
                {"multiply_gate_scores", true},
                {"score_scale_factor", {2.0, 2.0}},
                {"calculator_type", "UniversalCalculator"},
                {"add_weight_norm", false},
                {"max_position_embeddings", 64},
                {"rms_norm_eps", 1e-5},
                {"pad_token_id", 0},
                {"eos_token_id", 261}};
    f.add("model.embed_tokens.weight", {300, 8});
    f.add("model.norm.weight", {8});
    f.add("lm_head.weight", {300, 8});
    for (const std::string layer : {"model.layers.0.", "model.layers.1."}) {
      f.add_attention(layer);
      f.add(layer + "self_attn.rotary_emb.inv_freq", {2});
      f.add(layer + "mlp.gate.gate_network.0.weight", {4, 8});
      f.add(layer + "mlp.gate.gate_network.2.weight", {4, 4});
      f.add(layer + "mlp.gate.weight_noise.weight", {4, 8});
      for (const std::string expert : {"0", "1", "2", "3"}) {
        const std::string at = layer + "mlp.calculator.experts.";
        f.add(at + "weight_gate." + expert, {5, 8});
        f.add(at + "weight_up." + expert, {5, 8});
        f.add(at + "weight_down." + expert, {8, 5});
      }
    }
    f.write();
    return f;
  }

  const fs::path path() const { return folder_->path() / "published"; }
  // Beside it, for what a test writes.
  fs::path beside(const std::string& name) const { return folder_->path() / name; }

  void add(const std::string& name, std::vector<int64_t> shape, const std::string& dtype = "F32") {
    tensors[name] = random_tensor(name, std::move(shape), dtype);
  }

  // Writes the folder anew; into shards where their number is more than 1.
  void write(size_t shards = 1) const {
    fs::remove_all(path());
    make_directories(path());
    write_json("config.json", config);
    write_json("tokenizer.json", tokenizer);
    write_json("tokenizer_config.json", tokenizer_config);
    std::vector<std::vector<SafetensorsTensor>> files(shards);
    nlohmann::json map;
    size_t next = 0;
    for (const auto& [name, tensor] : tensors) {
      const size_t file = next++ % shards;
      files[file].push_back({name, tensor.dtype, tensor.shape,
                             std::as_bytes(std::span(tensor.bytes.data(), tensor.bytes.size()))});
      map[name] = shard_name(file, shards);
    }
    for (size_t file = 0; file < shards; ++file)
      write_safetensors(path() / shard_name(file, shards), files[file], metadata);
    if (shards > 1)
      write_json("model.safetensors.index.json",
                 {{"metadata", nlohmann::json::object()}, {"weight_map", map}});
  }

  void write_json(const std::string& name, const nlohmann::json& value) const {
    write_file_atomically(path() / name, value.dump(2));
  }

  static std::string shard_name(size_t file, size_t shards) {
    if (shards == 1) return "model.safetensors";
    return "model-0000" + std::to_string(file + 1) + "-of-0000" + std::to_string(shards) +
           ".safetensors";
  }

  nlohmann::json config;
  nlohmann::json tokenizer = byte_tokenizer();
  nlohmann::json tokenizer_config = {{"eos_token", "<|endoftext|>"}, {"bos_token", nullptr}};
  std::map<std::string, PublishedTensor> tensors;
  std::map<std::string, std::string> metadata = {{"format", "pt"}};

 private:
  void add_attention(const std::string& layer, const std::string& dtype = "F32") {
    add(layer + "input_layernorm.weight", {8}, dtype);
    add(layer + "post_attention_layernorm.weight", {8}, dtype);
    add(layer + "self_attn.q_proj.weight", {8, 8}, dtype);
    add(layer + "self_attn.k_proj.weight", {4, 8}, dtype);
    add(layer + "self_attn.v_proj.weight", {4, 8}, dtype);
    add(layer + "self_attn.o_proj.weight", {8, 8}, dtype);
  }

  // The same numbers as newer versions may save them: gate above up, expert by expert.
  void stack(const std::string& layer) {
    PublishedTensor both{"", {3, 10, 8}, ""}, down{"", {3, 8, 5}, ""};
    for (const std::string expert : {"0.", "1.", "2."}) {
      const std::string at = layer + "mlp.experts." + expert;
      for (const std::string which : {"gate", "up"}) {
        both.bytes += tensors.at(at + which + "_proj.weight").bytes;
        both.dtype = tensors.at(at + which + "_proj.weight").dtype;
        tensors.erase(at + which + "_proj.weight");
      }
      down.bytes += tensors.at(at + "down_proj.weight").bytes;
      down.dtype = tensors.at(at + "down_proj.weight").dtype;
      tensors.erase(at + "down_proj.weight");
    }
    tensors[layer + "mlp.experts.gate_up_proj"] = both;
    tensors[layer + "mlp.experts.down_proj"] = down;
  }

  std::shared_ptr<TemporaryDirectory> folder_ = std::make_shared<TemporaryDirectory>();
};

}  // namespace repro::exchange
