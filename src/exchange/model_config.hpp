#pragma once
// config.json <-> a model of ours, by the tables of its architecture.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "exchange/architecture.hpp"

namespace repro::exchange {

struct PublishedConfig {
  const Architecture* architecture = nullptr;
  config::ModelConfig model;
  int64_t positions = 0;  // max_position_embeddings: the longest text it was made for
  std::optional<int64_t> begin_of_text;  // bos_token_id
  std::vector<int64_t> end_of_text;      // eos_token_id: none, one or several
};

// Error with one line when it is no architecture of the tables, lacks a key, or says anything that
// would not be honoured.
PublishedConfig read_config(const std::filesystem::path& path);

// `dtype`: "F32", "F16" or "BF16".
nlohmann::ordered_json write_config(const PublishedConfig& config, const std::string& dtype);

}  // namespace repro::exchange
