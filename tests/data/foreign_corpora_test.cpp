// Files of other people's corpora, one a kind that once was read wrong.

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "data/compress.hpp"
#include "data/formats/archive.hpp"
#include "data/formats/records.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

const fs::path kForeignCorpora = fs::path(REPRO_TESTS) / "data" / "corpora_of_others";

struct ForeignTexts {
  std::vector<std::string> texts;
  data::DropCounts dropped;
};

ForeignTexts texts_of(const fs::path& path, const std::string& reader = "auto") {
  ForeignTexts read;
  data::read_records(path, reader, "text", read.dropped,
                     [&](std::string&& text) { read.texts.push_back(std::move(text)); });
  return read;
}

ForeignTexts texts_in(const std::string& bytes) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "file";
  std::ofstream(path, std::ios::binary) << bytes;
  return texts_of(path);
}

}  // namespace

TEST_CASE("gzip members padded with zeros and dictionary-encoded columns are read whole",
          "[data]") {
  CHECK(texts_of(kForeignCorpora / "multi_pad.json.gz").texts.size() == 300);
  CHECK(texts_of(kForeignCorpora / "pa_dict.parquet").texts.size() == 300);
  const std::string line = compress("{\"text\": \"a\"}\n", Compression::gzip);
  CHECK(texts_in(line + std::string(70000, '\0') + line).texts.size() == 2);
}

TEST_CASE("an archive of JSON lines is read as such, never as prose", "[data]") {
  const ForeignTexts read = texts_of(kForeignCorpora / "shards2.tar.gz");
  CHECK(read.texts.size() == 300);
  for (const std::string& text : read.texts) CHECK(text.find("\"text\"") == std::string::npos);
  CHECK_THROWS_WITH(texts_of(kForeignCorpora / "shards2.tar.gz", "text"),
                    Catch::Contains("--reader jsonl"));
}

TEST_CASE("a list of objects and objects over several lines are documents", "[data]") {
  const std::vector<std::string> two = {"a {\"[\\", "b"};
  CHECK(texts_in(R"([{"text": "a {\"[\\"}, {"text": "b"}])").texts == two);
  CHECK(texts_in("[\n  {\n    \"text\": \"a {\\\"[\\\\\"\n  },\n  {\"text\": \"b\"}\n]\n").texts ==
        two);
  CHECK(texts_in("{\n  \"text\": \"a {\\\"[\\\\\"\n}\n{\n\"text\": \"b\"\n}").texts == two);
  CHECK(texts_in("[{\"text\": 3}, {\"other\": 1}, {\"text\": \"b\"}]").dropped.size() == 2);
  CHECK_THROWS_WITH(texts_in("[{\"text\": \"a\"}, {\"text\": \"b"),
                    Catch::Contains("the last JSON object is cut short"));
}

TEST_CASE("zstd's frames of other data are passed over", "[data]") {
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0xyz", 11);
  const std::string line = compress("{\"text\": \"a\"}\n", Compression::zstd);
  CHECK(texts_in(skippable + line).texts.size() == 1);
  CHECK(texts_in(skippable + skippable + line + skippable + line).texts.size() == 2);
}

TEST_CASE("a member with a wrong checksum condemns its archive by name", "[data]") {
  CHECK_THROWS_WITH(texts_of(kForeignCorpora / "long_crcbad.zip"),
                    Catch::Contains("long_crcbad.zip: member 'd100.txt' is damaged"));
}
