#include "methods/document_vectors.hpp"

#include <ATen/ops/empty.h>

#include <cstring>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "data/prepare.hpp"
#include "data/tokens/embedding_table.hpp"
#include "model/layout.hpp"

namespace repro::methods {
namespace {

at::Tensor tensor_of(const data::Matrix& matrix) {
  at::Tensor tensor = at::empty({matrix.rows, matrix.width}, at::kFloat);
  std::memcpy(tensor.mutable_data_ptr(), matrix.values.data(), tensor.nbytes());
  return tensor;
}

// The token table as initialise(seed) draws it, without building the model.
std::vector<float> initial_token_table(const config::ModelConfig& model, uint64_t seed) {
  for (const model::TensorSpec& tensor : model::layout_of(model).tensors) {
    if (tensor.name != "model.embed_tokens.weight") continue;
    std::vector<float> table(static_cast<size_t>(tensor.count));
    model::fill_initial(tensor, model.init_std, seed, 0, table.data());
    return table;
  }
  check(false, "every model has a token table");
  return {};
}

// Every document ends with it.
int32_t end_of_text(const data::TokenShards& shards) {
  int32_t token = 0;
  shards.read(shards.document_end(0) - 1, {&token, 1});
  return token;
}

at::Tensor model_vectors(const config::ClusterSpec& spec, const data::TokenShards& train) {
  const auto table = initial_token_table(spec.model, static_cast<uint64_t>(spec.seed));
  return tensor_of(data::embed_documents(train, table, spec.model.width, end_of_text(train)));
}

at::Tensor wordllama_vectors(const std::filesystem::path& corpus, const data::TokenShards& train,
                             const data::ProgressCallback& progress) {
  const data::EmbeddingFiles files = data::fetch_wordllama(cache_directory(), progress);
  const data::Matrix table = data::read_table(files.table, "embedding.weight");
  const data::Tokenizer tokenizer(data::tokenizer_path(corpus));
  data::LlamaTokenizer table_tokenizer(files.tokenizer);
  return tensor_of(data::embed_documents(train, tokenizer, table_tokenizer, table, progress));
}

}  // namespace

at::Tensor document_vectors(const config::ClusterSpec& spec, const std::filesystem::path& corpus,
                            const data::TokenShards& train,
                            const data::ProgressCallback& progress) {
  if (train.documents() == 0)
    throw Error("{}: the train split has no documents; prepare the corpus again", corpus.string());
  if (spec.embedding == "model") return model_vectors(spec, train);
  return wordllama_vectors(corpus, train, progress);
}

}  // namespace repro::methods
