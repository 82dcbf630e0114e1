#pragma once
// Document vectors for clustering: the mean of a token-embedding table's rows over a document's
// tokens (MoE-DisCo, eq. 1). The table is a published pre-trained one, or a model's own.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/text/document.hpp"
#include "data/tokens/llama_tokenizer.hpp"
#include "data/tokens/token_shards.hpp"
#include "data/tokens/tokenizer.hpp"

namespace repro::data {

// rows x width, row-major.
struct Matrix {
  int64_t rows = 0;
  int64_t width = 0;
  std::vector<float> values;

  std::span<const float> row(int64_t index) const {
    return std::span(values).subspan(static_cast<size_t>(index * width),
                                     static_cast<size_t>(width));
  }
};

// Where the published table and its tokenizer lie.
struct EmbeddingFiles {
  std::filesystem::path table;      // safetensors, "embedding.weight" F16 [32000, 256]
  std::filesystem::path tokenizer;  // tokenizers JSON
};

// The token-embedding table of wordllama 0.4.0.post1 in the cache, downloaded when it is missing or
// damaged.
EmbeddingFiles fetch_wordllama(const std::filesystem::path& cache,
                               const ProgressCallback& progress);

// A two-dimensional tensor of type F16 or F32.
Matrix read_table(const std::filesystem::path& path, const std::string& tensor);

// One vector a document of the split, D x width: its text, decoded with the corpus' tokenizer, is
// encoded again with the table's, without <s>. A document without tokens has the zero vector.
Matrix embed_documents(const TokenShards& shards, const Tokenizer& tokenizer,
                       LlamaTokenizer& table_tokenizer, const Matrix& table,
                       const ProgressCallback& progress);

// The same with a table indexed by the corpus' own token ids (`vocabulary` x `width`, row-major);
// the end-of-text token does not count.
Matrix embed_documents(const TokenShards& shards, std::span<const float> table, int64_t width,
                       int32_t end_of_text);

}  // namespace repro::data
