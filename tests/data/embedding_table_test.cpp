#include "data/tokens/embedding_table.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/safetensors.hpp"
#include "data/even_pieces.hpp"
#include "data/quietly.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using namespace repro::data;

namespace {

// A small tokenizer of the Llama kind: bytes, letters, and a few merges in order of rank.
fs::path write_tokenizer(const fs::path& folder) {
  nlohmann::json vocabulary = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (int byte = 0; byte < 256; ++byte) vocabulary[fmt::format("<0x{:02X}>", byte)] = 3 + byte;
  int next = 259;
  for (const char* piece : {"▁", "a", "b", "c", "ab", "bc", "▁a", "abc", "▁▁", "aa"})
    vocabulary[piece] = next++;
  const nlohmann::json file = {{"model",
                                {{"type", "BPE"},
                                 {"byte_fallback", true},
                                 {"vocab", vocabulary},
                                 {"merges", {"b c", "▁ a", "a b", "ab c", "▁ ▁", "a a"}}}}};
  write_file_atomically(folder / "tokenizer.json", file.dump());
  return folder / "tokenizer.json";
}

std::vector<int32_t> encode(LlamaTokenizer& tokenizer, const std::string& text) {
  std::vector<int32_t> tokens;
  tokenizer.encode(text, tokens);
  return tokens;
}

constexpr int32_t kSpace = 259, kA = 260, kB = 261, kBc = 264, kSpaceA = 265, kSpaces = 267,
                  kAa = 268;

}  // namespace

TEST_CASE("pairs merge by rank, the leftmost of equals first", "[data]") {
  TemporaryDirectory folder;
  LlamaTokenizer tokenizer(write_tokenizer(folder.path()));
  CHECK(encode(tokenizer, "").empty());
  CHECK(encode(tokenizer, "a") == std::vector<int32_t>{kSpaceA});
  CHECK(encode(tokenizer, "abc") == std::vector<int32_t>{kSpaceA, kBc});  // "b c" outranks "a b"
  CHECK(encode(tokenizer, "baaa") == std::vector<int32_t>{kSpace, kB, kAa, kA});
  CHECK(encode(tokenizer, "a a") == std::vector<int32_t>{kSpaceA, kSpaceA});
  CHECK(encode(tokenizer, "b  b") == std::vector<int32_t>{kSpace, kB, kSpaces, kB});
}

TEST_CASE("characters without a piece become their bytes, newlines too", "[data]") {
  TemporaryDirectory folder;
  LlamaTokenizer tokenizer(write_tokenizer(folder.path()));
  CHECK(encode(tokenizer, "é") == std::vector<int32_t>{kSpace, 3 + 0xC3, 3 + 0xA9});
  CHECK(encode(tokenizer, "b\na") == std::vector<int32_t>{kSpace, kB, 3 + '\n', kA});
  CHECK(encode(tokenizer, "\n") == std::vector<int32_t>{kSpace, 3 + '\n'});
}

TEST_CASE("a long word without spaces is encoded in time", "[data]") {
  TemporaryDirectory folder;
  LlamaTokenizer tokenizer(write_tokenizer(folder.path()));
  CHECK(encode(tokenizer, std::string(400'000, 'a')).size() == 200'001);  // quadratic would hang
}

TEST_CASE("a file that is no tokenizer is refused by name", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "t.json";
  for (const char* text :
       {"{", "{}", "{\"model\":{\"byte_fallback\":false}}",
        "{\"model\":{\"byte_fallback\":true,\"vocab\":{},\"merges\":[\"a b\"]}}"}) {
    write_file_atomically(path, text);
    CHECK_THROWS_WITH(LlamaTokenizer(path), Catch::Contains("t.json: not a tokenizer"));
  }
}

TEST_CASE("half-precision tables are read exactly", "[data]") {
  TemporaryDirectory folder;
  const std::vector<uint16_t> halves = {0x3C00, 0xC000, 0x3555, 0x0001, 0x8000, 0x7BFF};
  const std::vector<SafetensorsTensor> tensors = {
      {"w", "F16", {2, 3}, std::as_bytes(std::span(halves))}};
  write_safetensors(folder.path() / "t", tensors);
  const Matrix table = read_table(folder.path() / "t", "w");
  CHECK(table.rows == 2);
  CHECK(table.width == 3);
  CHECK(table.values == std::vector<float>{1.0F, -2.0F, 0x1.554p-2F, 0x1.0p-24F, -0.0F, 65504.0F});
  CHECK_THROWS_WITH(read_table(folder.path() / "t", "x"), Catch::Contains("no tensor 'x'"));
  const std::vector<SafetensorsTensor> flat = {{"w", "F16", {6}, std::as_bytes(std::span(halves))}};
  write_safetensors(folder.path() / "t", flat);
  CHECK_THROWS_WITH(read_table(folder.path() / "t", "w"), Catch::Contains("F16 of 1 dimensions"));
}

TEST_CASE("a document's vector is the mean of its tokens' rows without the end of text", "[data]") {
  TemporaryDirectory folder;
  TokenShardsWriter writer(folder.path() / "t.tokens", even_pieces(4), std::string(64, '0'));
  writer.add_document(std::vector<int32_t>{0, 2, 2, 3}, 3);
  writer.add_document(std::vector<int32_t>{3}, 0);
  writer.finish();
  const TokenShards shards(folder.path() / "t.tokens");
  const std::vector<float> table = {1, 10, 2, 20, 4, 40, 100, 100};
  const Matrix vectors = embed_documents(shards, table, 2, 3);
  CHECK(vectors.rows == 2);
  CHECK(vectors.values == std::vector<float>{3, 30, 0, 0});
}

TEST_CASE("documents are embedded through their text in the table's vocabulary", "[data]") {
  TemporaryDirectory folder;
  LlamaTokenizer table_tokenizer(write_tokenizer(folder.path()));
  WordCounts words;
  for (int i = 0; i < 50; ++i) words.add("abc a ab cab bac caa acb b c");
  write_file_atomically(folder.path() / "m", train_tokenizer(words, 275));
  Tokenizer tokenizer(folder.path() / "m");
  TokenShardsWriter writer(folder.path() / "t.tokens", tokenizer.piece_bytes(), tokenizer.sha256());
  const std::vector<std::string> texts = {"abc a ab", "caa\nb  é"};
  for (const std::string& text : texts) {
    std::vector<int32_t> tokens;
    tokenizer.encode(text, tokens);
    tokens.push_back(tokenizer.end_of_text());
    writer.add_document(tokens, static_cast<int64_t>(text.size()));
  }
  writer.finish();

  Matrix table = {table_tokenizer.vocabulary(), 2, {}};
  for (int64_t row = 0; row < table.rows; ++row) {
    table.values.push_back(static_cast<float>(row));
    table.values.push_back(static_cast<float>(row % 7));
  }
  const TokenShards shards(folder.path() / "t.tokens");
  const Matrix vectors = embed_documents(shards, tokenizer, table_tokenizer, table, quietly);
  REQUIRE(vectors.rows == 2);
  for (size_t i = 0; i < texts.size(); ++i) {
    double sum = 0;
    const auto tokens = encode(table_tokenizer, texts[i]);
    for (const int32_t token : tokens) sum += token;
    CHECK(vectors.row(static_cast<int64_t>(i))[0] ==
          static_cast<float>(sum / static_cast<double>(tokens.size())));
  }
  table.rows = 7;
  CHECK_THROWS_WITH(embed_documents(shards, tokenizer, table_tokenizer, table, quietly),
                    Catch::Contains("has 7 rows"));
}
