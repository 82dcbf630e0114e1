#pragma once
// The weights of a published folder, memory-mapped: model.safetensors, or the shards that
// model.safetensors.index.json names; and their way to and from the tensors of a run.

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/safetensors.hpp"
#include "exchange/model_config.hpp"

namespace repro::exchange {

class Checkpoint {
 public:
  // Error when a file is missing or damaged, or the index is not that of the shards.
  explicit Checkpoint(const std::filesystem::path& folder);

  // Null when it holds none of that name.
  const SafetensorsTensor* find(const std::string& name) const;
  const std::map<std::string, const SafetensorsTensor*>& tensors() const { return tensors_; }
  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<std::filesystem::path>& files() const { return files_; }
  // A value of the files' metadata, "" where there is none.
  std::string metadata(const std::string& key) const;

 private:
  void open(const std::filesystem::path& file);
  std::vector<std::filesystem::path> shards(const std::filesystem::path& index) const;

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> files_;
  std::deque<SafetensorsView> views_;
  std::map<std::string, const SafetensorsTensor*> tensors_;
};

// A run's tensors, as pieces of the checkpoint's mapped files: valid while it lives. Error that
// names the tensor when one is missing, belongs to no such model, has another shape, or is of no
// type of weights.
std::vector<SafetensorsPieces> arrange(const Checkpoint& checkpoint, const PublishedConfig& config);

// The tensors of a checkpoint, as pieces of a run's mapped weights (valid while they and `zeros`
// live), to be written as `dtype`; "" = each as it is stored. Error as above.
std::vector<SafetensorsPieces> publish(const SafetensorsView& weights,
                                       const std::filesystem::path& path,
                                       const PublishedConfig& config, const std::string& dtype,
                                       std::vector<std::byte>& zeros);

// Writes model.safetensors or, beyond `shard_bytes`, shards and their index. Returns the bytes of
// all tensors.
int64_t write_shards(const std::filesystem::path& folder,
                     const std::vector<SafetensorsPieces>& tensors,
                     const std::map<std::string, std::string>& metadata, int64_t shard_bytes);

}  // namespace repro::exchange
