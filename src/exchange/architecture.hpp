#pragma once
// Published architectures as data: which key of config.json is which field of a model, and which
// tensors of a checkpoint are which of a run's. A further one is a source file with these tables.

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "exchange/keys.hpp"

namespace repro::exchange {

// A key of config.json that is an integer of the model, and what it may be.
struct IntegerKey {
  const char* key;
  int64_t config::ModelConfig::*field;
  double least;
  double most;
};

// A key that is written with this value (as JSON), and read with no other: each other value would
// be another computation than ours.
struct FixedKey {
  const char* key;
  const char* value;
};

using Condition = bool (*)(const config::ModelConfig&);

// A tensor of ours and those of a checkpoint whose elements, one after another, are its own. In
// names {l} is "model.layers.N" and {e} the number of an expert: all of them in turn. A shape is a
// letter a dimension: V vocabulary, d width, q query heads x their width, k key heads x theirs, E
// experts, f expert width, g twice that, s shared width, h half a head's width, 1.
struct TensorRow {
  const char* ours;  // "" = a run has none: written as zeros, read and left
  const char* shape;
  std::vector<const char*> theirs = {};  // none = of our name
  const char* each = "";                 // the shape of each of them
  Condition when = nullptr;              // null = always
  bool whole_too = false;                // a checkpoint may hold it whole under our name instead
  bool optional = false;                 // read and left where it is there, never written
};

struct Architecture {
  const char* type;        // "model_type" in config.json
  const char* class_name;  // in transformers
  std::vector<IntegerKey> integers;
  std::vector<FixedKey> fixed;
  std::vector<const char*> ignored;  // change nothing that is computed
  std::vector<TensorRow> tensors;
  // Why a model is none of these: "its router scores by sigmoid"; empty when it is one.
  std::string (*misfit)(const config::ModelConfig&);
  // The fields that are no row of the tables, in both directions.
  void (*read)(Keys&, config::ModelConfig&);
  void (*write)(const config::ModelConfig&, nlohmann::ordered_json&);
};

const Architecture& qwen2_moe();
const Architecture& llama_moe();
std::vector<const Architecture*> architectures();

// Error that says what each architecture lacks when none holds the model; `place` begins it.
const Architecture& architecture_of(const config::ModelConfig& model, const std::string& place);

// Where one tensor of a model stands in a checkpoint.
struct Placement {
  std::string ours;
  std::vector<int64_t> shape;
  std::vector<std::string> theirs;
  std::vector<int64_t> piece_shape;
  bool whole_too = false;
  bool optional = false;
};
// In the order of the model. A large model has millions: they are made one by one.
void for_each_placement(const Architecture& architecture, const config::ModelConfig& model,
                        const std::function<void(const Placement&)>& use);

}  // namespace repro::exchange
