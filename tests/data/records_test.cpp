#include "data/formats/records.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "data/compress.hpp"
#include "data/formats/columnar.hpp"
#include "data/quietly.hpp"
#include "data/sources/fetch.hpp"
#include "data/text/corpus_text.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

struct Read {
  std::vector<std::string> texts;
  data::DropCounts dropped;
};

Read read(const fs::path& path, const std::string& field = "text") {
  Read result;
  data::read_records(path, data::reader_for(path), field, result.dropped,
                     [&](std::string&& text) { result.texts.push_back(std::move(text)); });
  return result;
}

std::string refused_record(const fs::path& path, const std::string& field = "text") {
  try {
    read(path, field);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

const std::string kLines =
    "{\"text\":\"first\\nparagraph\",\"url\":\"u\"}\n"
    "{\"text\":\"second\"}\r\n\n"
    "{\"text\":\"third \\u00e9\"}";
const std::vector<std::string> kTexts = {"first\nparagraph", "second", "third é"};

// What an import makes of files: a corpus that takes them as they are.
config::Corpus imported(const std::string& name,
                        const std::vector<std::pair<fs::path, std::string>>& files_and_splits) {
  config::Corpus corpus;
  corpus.name = name;
  corpus.filter = false;
  for (const auto& [path, split] : files_and_splits) {
    config::CorpusSource source;
    source.kind = "file";
    source.name = path.string();
    source.reader = "auto";
    source.split = split;
    source.sha256 = data::describe_file(path, "").sha256;
    corpus.sources.push_back(source);
  }
  return corpus;
}

// Peak resident memory since the last reset, in bytes.
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }
size_t status_bytes(const std::string& key) {
  for (const std::string& line : split(read_file("/proc/self/status"), '\n'))
    if (line.starts_with(key + ":")) return std::stoul(line.substr(key.size() + 1)) * 1024;
  return 0;
}

}  // namespace

TEST_CASE("JSON lines are read whatever they are compressed with and called", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "shard.txt";
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd,
                                    Compression::xz, Compression::bzip2);
  write_file_atomically(path, compress(kLines, compression));
  CHECK(data::reader_for(path) == "jsonl");
  CHECK(read(path).texts == kTexts);
  CHECK(read(path).dropped.empty());
}

TEST_CASE("concatenated gzip members and zstd frames are one stream", "[data]") {
  TemporaryDirectory folder;
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  const fs::path path = folder.path() / "a";
  write_file_atomically(path, compress("{\"text\":\"a\"}\n{\"te", compression) +
                                  compress("xt\":\"b\"}\n", compression));
  CHECK(read(path).texts == std::vector<std::string>{"a", "b"});
}

TEST_CASE("broken records are counted by reason and the others are kept", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.jsonl";
  write_file_atomically(
      path,
      "{\"text\":\"good\"}\n{\"text\":\"cut\n[1]\n{\"body\":\"x\"}\n{\"text\":7}\n"
      "{\"text\":\"  \"}\n{\"text\":\"\xff\"}\n{\"text\":\"also good\"}\n");
  const Read result = read(path);
  CHECK(result.texts == std::vector<std::string>{"good", "also good"});
  CHECK(result.dropped == data::DropCounts{{"records: malformed JSON", 2},
                                           {"records: no text field", 2},
                                           {"records: text field is not a string", 1},
                                           {"records: empty text", 1}});
  CHECK(read(path, "body").texts == std::vector<std::string>{"x"});
}

TEST_CASE("a compressed file that is cut or damaged is an error, not a short corpus", "[data]") {
  TemporaryDirectory folder;
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "{\"text\":\"document " + std::to_string(i * i) + "\"}\n";
  const auto compression =
      GENERATE(Compression::gzip, Compression::zstd, Compression::xz, Compression::bzip2);
  const std::string whole = compress(lines, compression);
  const fs::path path = folder.path() / "a";
  write_file_atomically(path, whole);
  REQUIRE(read(path).texts.size() == 5000);
  for (const size_t size : {whole.size() / 2, whole.size() - 3}) {
    write_file_atomically(path, whole.substr(0, size));
    CHECK_THAT(refused_record(path), Catch::Contains("cut short"));
  }
  std::string damaged = whole;
  damaged[whole.size() / 2] = static_cast<char>(~damaged[whole.size() / 2]);
  write_file_atomically(path, damaged);
  CHECK_THAT(refused_record(path), Catch::Contains("damaged"));
}

TEST_CASE("a wrong checksum at the end of a gzip stream is noticed", "[data]") {
  TemporaryDirectory folder;
  std::string bytes = compress(kLines, Compression::gzip);
  bytes[bytes.size() - 8] = static_cast<char>(~bytes[bytes.size() - 8]);
  write_file_atomically(folder.path() / "a", bytes);
  CHECK_THAT(refused_record(folder.path() / "a"), Catch::Contains("damaged gzip stream"));
}

TEST_CASE("WikiText is cut into articles and other text at blank lines", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "wiki.raw";
  write_file_atomically(path,
                        "\xEF\xBB\xBF \n = First = \n \n Some text . \n = = Section = = \n More .\n"
                        " \n = Second article = \n\n Text @-@ here = 5 .\n");
  CHECK(read(path).texts ==
        std::vector<std::string>{"= First =\nSome text .\n= = Section = =\nMore .",
                                 "= Second article =\nText @-@ here = 5 ."});
  write_file_atomically(path, "one\ntwo\n\n\nthree\n = Title = \nfour");
  CHECK(read(path).texts == std::vector<std::string>{"one\ntwo", "three\n= Title =\nfour"});
}

TEST_CASE("Parquet rows are documents, or the lines of articles", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "any.name";
  data::write_parquet(path, "text", {"one", std::nullopt, "two", "  "}, 2);
  CHECK(data::reader_for(path) == "parquet");
  const Read rows = read(path);
  CHECK(rows.texts == std::vector<std::string>{"one", "two"});
  CHECK(rows.dropped ==
        data::DropCounts{{"records: no text field", 1}, {"records: empty text", 1}});
  CHECK_THAT(refused_record(path, "body"), Catch::Contains("no column 'body'; it has 'text'"));

  data::write_parquet(path, "text", {"", " = A = \n", "", " a . \n", " = B = \n", " b . \n"}, 4);
  CHECK(read(path).texts == std::vector<std::string>{"= A =\na .", "= B =\nb ."});

  const std::string whole = read_file(path);
  write_file_atomically(path, whole.substr(0, whole.size() - 20));
  CHECK_THAT(refused_record(path), Catch::Contains("damaged or unreadable"));
}

TEST_CASE("a page of a Parquet file with another checksum is damaged, never another text",
          "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.parquet";
  std::vector<std::optional<std::string>> rows;
  for (int i = 0; i < 40; ++i) rows.push_back("document number " + std::to_string(i * i));
  data::write_parquet(path, "text", rows, 10);
  const std::string whole = read_file(path);
  const Read right = read(path);
  REQUIRE(right.texts.size() == 40);
  const std::string last_text = "document number " + std::to_string(39 * 39);
  int refused = 0;
  for (size_t place = whole.find("document number"); place < whole.find(last_text); place += 5) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 4);
    write_file_atomically(path, damaged);
    data::DropCounts dropped;
    std::vector<std::string> texts;
    try {
      data::read_records(path, "parquet", "text", dropped,
                         [&](std::string&& text) { texts.push_back(std::move(text)); });
    } catch (const Error&) {
      ++refused;
      continue;
    }
    CHECK(texts == right.texts);
  }
  CHECK(refused > 50);
}

TEST_CASE("a folder gives one document a .txt file", "[data]") {
  TemporaryDirectory folder;
  make_directories(folder.path() / "set/b");
  write_file_atomically(folder.path() / "set/b/2.txt", "second\n\nstill second");
  write_file_atomically(folder.path() / "set/1.txt", "first");
  write_file_atomically(folder.path() / "set/notes.md", "ignored");
  CHECK(read(folder.path() / "set").texts ==
        std::vector<std::string>{"first", "second\nstill second"});
}

TEST_CASE("a text's reader is told by its bytes, and a lie about it is an error", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.parquet";
  write_file_atomically(path, kLines);
  CHECK(data::reader_for(path) == "jsonl");
  data::DropCounts dropped;
  const auto ignore = [](std::string&&) {};
  CHECK_THROWS_WITH(data::read_records(path, "parquet", "text", dropped, ignore),
                    Catch::Contains("not a Parquet or Arrow file, but its reader is 'parquet'"));
  write_file_atomically(path, "plain");
  CHECK_THROWS_WITH(data::read_records(path, "jsonl", "text", dropped, ignore),
                    Catch::Contains("not JSON lines"));
  write_file_atomically(path, "");
  CHECK_THROWS_WITH(data::reader_for(path), Catch::Contains("the file is empty"));
}

TEST_CASE("memory stays bounded whatever the size of an imported file", "[data]") {
  TemporaryDirectory folder;
  const std::string text(2000, 'x');
  std::string block;
  for (int i = 0; i < 4000; ++i) block += "{\"text\":\"" + text + "\"}\n";  // 8 MB
  const fs::path path = folder.path() / "large.jsonl.gz";
  {
    std::ofstream file(path, std::ios::binary);
    const std::string member = compress(block, Compression::gzip);
    for (int i = 0; i < 16; ++i) file << member;  // 128 MB of text
  }
  block.clear();
  block.shrink_to_fit();
  reset_peak();
  const size_t before = status_bytes("VmRSS");
  config::Corpus large = imported("large", {{path, ""}});
  large.limits.ratio = 10'000;  // the same block over and over
  const auto text_of = data::corpus_text(large, folder.path() / "cache", quietly);
  int64_t documents = 0;
  for (const auto& [name, split] : text_of.splits) documents += split.documents;
  CHECK(documents == 64'000);
#ifdef __SANITIZE_ADDRESS__
  const size_t bound = 400'000'000;  // freed memory is kept aside for detecting its use
#else
  const size_t bound = 24'000'000;  // buffers, not the file
#endif
  CHECK(status_bytes("VmHWM") - before < bound);
}

TEST_CASE("published splits are kept and the user's files may go once they are read", "[data]") {
  TemporaryDirectory folder;
  const fs::path train = folder.path() / "train.jsonl";
  const fs::path valid = folder.path() / "valid.txt";
  write_file_atomically(train, kLines);
  write_file_atomically(valid, "valid one\n\nvalid two\n");
  const config::Corpus corpus = imported("mine", {{train, "train"}, {valid, "valid"}});
  const auto text = data::corpus_text(corpus, folder.path() / "cache", quietly);
  CHECK(text.splits.at("train").documents == 3);
  CHECK(text.splits.at("valid").documents == 2);
  CHECK_FALSE(text.splits.contains("test"));
  CHECK(text.packages.at(0).sha256 == corpus.sources[0].sha256);

  fs::remove(train);
  const auto again = data::corpus_text(corpus, folder.path() / "cache", quietly);
  CHECK(again.documents == text.documents);
  CHECK(again.splits.at("train").documents == 3);
  fs::remove_all(again.documents.parent_path());
  CHECK_THROWS_WITH(data::corpus_text(corpus, folder.path() / "cache", quietly),
                    Catch::Contains("no such file"));
}

TEST_CASE("a file that changed since it was imported is refused, not mixed in", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.jsonl";
  write_file_atomically(path, kLines);
  const config::Corpus corpus = imported("mine", {{path, ""}});
  write_file_atomically(path, "{\"text\":\"other\"}\n");
  CHECK_THROWS_WITH(data::corpus_text(corpus, folder.path() / "cache", quietly),
                    Catch::Contains("the file changed"));
}

TEST_CASE("a reader that does not fit the corpus' filter is refused by name", "[data]") {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "a.jsonl", kLines);
  config::Corpus corpus = imported("mine", {{folder.path() / "a.jsonl", ""}});
  corpus.filter = true;
  CHECK_THROWS_WITH(data::corpus_text(corpus, folder.path() / "cache", quietly),
                    Catch::Contains("with reader 'auto' needs filter = false"));
  corpus.filter = false;
  corpus.sources[0].reader = "html";
  CHECK_THROWS_WITH(data::corpus_text(corpus, folder.path() / "cache", quietly),
                    Catch::Contains("with reader 'html' needs filter = true"));
}

TEST_CASE("files without one usable document are refused with the reasons", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.jsonl";
  write_file_atomically(path, "{\"content\":\"x\"}\n{\"text\":\"\"}\n");
  CHECK_THROWS_WITH(
      data::corpus_text(imported("a", {{path, ""}}), folder.path() / "cache", quietly),
      Catch::Contains("corpus 'a': no usable document") &&
          Catch::Contains("1 records: empty text, 1 records: no text field"));
  for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "cache/corpora"))
    CHECK((entry.is_directory() || entry.path().filename() == ".lock"));
}
