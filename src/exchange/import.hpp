#pragma once
// A folder that transformers' save_pretrained wrote, as what a run directory holds.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "exchange/checkpoint.hpp"
#include "exchange/tokenizer_files.hpp"

namespace repro::exchange {

class PublishedFolder {
 public:
  // Reads and checks everything but the weights' numbers: nothing that write() does can fail on
  // what the folder holds. Error with one line that names the file and what is wrong with it.
  explicit PublishedFolder(const std::filesystem::path& folder);

  const PublishedConfig& config() const { return config_; }
  const CarriedTokenizer& tokenizer() const { return tokenizer_; }
  int64_t parameters() const;
  // Of weights that are read as they are stored: "bf16-pure" where all are BF16, else "fp32".
  std::string precision() const;
  // SHA-256 over the files of the weights.
  std::string weights_sha256() const;

  // model.safetensors with the names of a run, tokenizer.json and tokenizer_config.json.
  void write(const std::filesystem::path& directory) const;

 private:
  PublishedConfig config_;
  Checkpoint checkpoint_;
  std::vector<SafetensorsPieces> tensors_;
  CarriedTokenizer tokenizer_;
};

// The name under which the metadata of weights keep the fingerprint of their tokenizer's file.
inline constexpr const char* kTokenizerKey = "tokenizer_sha256";

}  // namespace repro::exchange
