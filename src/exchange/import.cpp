#include "exchange/import.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/hash.hpp"

namespace repro::exchange {

PublishedFolder::PublishedFolder(const fs::path& folder)
    : config_(read_config(folder / "config.json")),
      checkpoint_(folder),
      tensors_(arrange(checkpoint_, config_)),
      tokenizer_(carry_tokenizer(folder, config_, checkpoint_.metadata(kTokenizerKey))) {}

int64_t PublishedFolder::parameters() const {
  int64_t count = 0;
  for (const SafetensorsPieces& tensor : tensors_) {
    int64_t elements = 1;
    for (const int64_t size : tensor.shape) elements *= size;
    count += elements;
  }
  return count;
}

std::string PublishedFolder::precision() const {
  const bool all_narrow =
      std::all_of(tensors_.begin(), tensors_.end(),
                  [](const SafetensorsPieces& tensor) { return tensor.dtype == "BF16"; });
  return all_narrow ? "bf16-pure" : "fp32";
}

std::string PublishedFolder::weights_sha256() const {
  Sha256 all;
  for (const fs::path& file : checkpoint_.files())
    all.update(file.filename().string() + " " + sha256_hex_of_file(file) + "\n");
  return all.hex();
}

void PublishedFolder::write(const fs::path& directory) const {
  write_safetensors(directory / "model.safetensors", tensors_,
                    {{kTokenizerKey, tokenizer_.sha256}});
  write_file_atomically(directory / "tokenizer.json", tokenizer_.tokenizer_json);
  write_file_atomically(directory / "tokenizer_config.json", tokenizer_.config_json);
}

}  // namespace repro::exchange
