#pragma once
// A run's model as a folder that transformers loads as it is.

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/model.hpp"

namespace repro::exchange {

struct ExportRequest {
  std::string run;                  // its name, for messages
  std::filesystem::path weights;    // model.safetensors of a run
  std::filesystem::path tokenizer;  // the folder with tokenizer.model, or with tokenizer.json
  config::ModelConfig model;
  int64_t positions = 0;  // tokens of a sequence that it was trained on
  std::string dtype;      // "F32", "F16", "BF16"; "" = as the weights are stored
  int64_t shard_bytes = 5'000'000'000;
};

struct ExportResult {
  std::string class_name;  // in transformers
  std::string dtype;
  int64_t bytes = 0;  // of the weights
  int64_t files = 0;
};

// Writes the folder whole or not at all. Error with one line when something stands there already,
// when the model is of no published architecture, or when weights or tokenizer are not the model's.
ExportResult export_model(const ExportRequest& request, const std::filesystem::path& folder);

}  // namespace repro::exchange
