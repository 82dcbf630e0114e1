// Tokenizers: a model of sentencepiece, and a Hugging Face tokenizers JSON.
#include "data/tokens/tokenizer.hpp"

#include "data/tokens/llama_tokenizer.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

constexpr std::string_view kText =
    " The quick  brown fox\nsays \xC3\xA9t\xC3\xA9 \xF0\x9F\xA6\x8A.";

void read_own(const std::filesystem::path& path) {
  const auto read = [&](data::Tokenizer& tokenizer) {
    std::vector<int32_t> tokens;
    tokenizer.encode(kText, tokens);
    for (const int32_t token : tokens)
      require(token >= 0 && token < tokenizer.vocabulary(), "a token is one of the vocabulary");
    tokenizer.decode(tokens);
  };
  data::Tokenizer tokenizer(path);
  require(tokenizer.end_of_text() >= 0, "an end of text is a token");
  read(tokenizer);
}

void read_llama(const std::filesystem::path& path) {
  data::LlamaTokenizer tokenizer(path);
  std::vector<int32_t> tokens;
  tokenizer.encode(kText, tokens);
}

}  // namespace

void read(std::string_view bytes) {
  const bool own = choose(bytes, 2) == 0;
  const MemoryFile file(bytes);
  attempt([&] { own ? read_own(file.path()) : read_llama(file.path()); });
}

}  // namespace repro::fuzz
