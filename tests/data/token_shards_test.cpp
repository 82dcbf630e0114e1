#include "data/tokens/token_shards.hpp"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "data/even_pieces.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::TokenShards;
using data::TokenShardsWriter;

namespace {

const std::string kDigest(64, 'a');

void write_documents(const fs::path& path, int64_t vocabulary,
                     const std::vector<std::vector<int32_t>>& documents) {
  TokenShardsWriter writer(path, even_pieces(vocabulary, 3), kDigest);
  for (const auto& document : documents) writer.add_document(document, 10);
  writer.finish();
}

std::string refused_shard(const fs::path& path, const std::string& bytes) {
  write_file_atomically(path, bytes);
  try {
    TokenShards shards(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("documents come back from a shard token by token", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "train.tokens";
  const int64_t vocabulary = GENERATE(int64_t{65'536}, int64_t{65'537});
  const std::vector<std::vector<int32_t>> documents = {
      {5, 6, 1}, {1}, {static_cast<int32_t>(vocabulary - 1), 9, 8, 1}};
  write_documents(path, vocabulary, documents);

  const TokenShards shards(path);
  CHECK(shards.tokens() == 8);
  CHECK(shards.documents() == 3);
  CHECK(shards.text_bytes() == 30);
  CHECK(shards.tokenizer_sha256() == kDigest);
  CHECK(shards.piece_bytes().pieces() == vocabulary);
  CHECK(shards.piece_bytes().behind(5, static_cast<int32_t>(vocabulary - 1)) == 3);
  for (size_t i = 0; i < documents.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    std::vector<int32_t> read(
        static_cast<size_t>(shards.document_end(number) - shards.document_begin(number)));
    shards.read(shards.document_begin(number), read);
    CHECK(read == documents[i]);
  }
}

TEST_CASE("a shard's bytes are those its header documents", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "t.tokens";
  TokenShardsWriter writer(path, {{0, 1, 5}, {0, 0, 1}, 1, 2}, kDigest);
  for (const std::vector<int32_t>& document : {std::vector<int32_t>{7, 1}, {258, 9, 1}})
    writer.add_document(document, 10);
  writer.finish();
  const std::string bytes = read_file(path);
  CHECK(bytes.substr(0, 8) == "REPROTOK");
  CHECK(bytes.substr(8, 8) == std::string("\x02\0\0\0\x02\0\0\0", 8));
  CHECK(bytes.substr(16, 8) == std::string("\x05\0\0\0\0\0\0\0", 8));
  CHECK(bytes.substr(24, 8) == std::string("\x02\0\0\0\0\0\0\0", 8));
  CHECK(bytes.substr(32, 8) == std::string("\x14\0\0\0\0\0\0\0", 8));
  CHECK(bytes.substr(40, 64) == kDigest);
  CHECK(bytes.substr(128, 16) == std::string("\x07\0\x01\0\x02\x01\x09\0\x01\0\0\0\0\0\0\0", 16));
  CHECK(bytes.substr(104, 12) == std::string("\x03\0\0\0\x01\0\0\0\x02\0\0\0", 12));
  CHECK(bytes.substr(144) == std::string("\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0"
                                         "\0\0\x02\0\x0b\0",
                                         30));
}

TEST_CASE("a shard cut anywhere is refused", "[data]") {
  TemporaryDirectory folder;
  write_documents(folder.path() / "whole", 100, {{7, 1}, {8, 9, 1}});
  const std::string whole = read_file(folder.path() / "whole");
  for (size_t size = 0; size < whole.size(); ++size)
    CHECK_THAT(refused_shard(folder.path() / "cut", whole.substr(0, size)),
               Catch::Contains("not a whole token shard"));
}

TEST_CASE("a shard with a damaged header or index is refused with the reason", "[data]") {
  TemporaryDirectory folder;
  write_documents(folder.path() / "whole", 100, {{7, 1}, {8, 9, 1}});
  const std::string whole = read_file(folder.path() / "whole");  // ends with 100 pieces' 200 bytes
  const auto with = [&](size_t offset, char byte) {
    std::string bytes = whole;
    bytes[offset] = byte;
    return refused_shard(folder.path() / "damaged", bytes);
  };
  CHECK(with(0, 'R') == "accepted");
  CHECK_THAT(with(0, 'X'), Catch::Contains("REPROTOK header"));
  CHECK_THAT(with(8, 1), Catch::Contains("version is 1, expected 2"));
  CHECK_THAT(with(12, 3), Catch::Contains("3 bytes per token"));
  CHECK_THAT(with(16, 100), Catch::Contains("its header says"));
  CHECK_THAT(with(23, '\x7f'), Catch::Contains("fewer than its counts say"));
  CHECK_THAT(with(31, '\x7f'), Catch::Contains("fewer than its counts say"));
  CHECK_THAT(with(whole.size() - 200 - 8, 4), Catch::Contains("do not cover its tokens"));
  CHECK_THAT(with(whole.size() - 200 - 16, 9), Catch::Contains("document 1 ends early"));
}

TEST_CASE("a shard appears only when it is finished", "[data]") {
  TemporaryDirectory folder;
  {
    TokenShardsWriter writer(folder.path() / "t.tokens", even_pieces(100), kDigest);
    writer.add_document(std::vector<int32_t>{1, 2}, 3);
  }
  CHECK(fs::is_empty(folder.path()));
}
