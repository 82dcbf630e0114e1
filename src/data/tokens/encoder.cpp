#include "data/tokens/encoder.hpp"

#include "base/file.hpp"
#include "data/tokens/published_tokenizer.hpp"
#include "data/tokens/tokenizer.hpp"

namespace repro::data {

std::unique_ptr<Encoder> open_encoder(const fs::path& directory) {
  if (fs::exists(directory / "tokenizer.json"))
    return std::make_unique<PublishedTokenizer>(directory / "tokenizer.json");
  return std::make_unique<Tokenizer>(directory / "tokenizer.model");
}

}  // namespace repro::data
