#include "data/tokens/tokenizer.hpp"

#include <sentencepiece_processor.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::Tokenizer;
using data::WordCounts;

namespace {

// Words over a small alphabet: enough repetition for a BPE to learn from.
std::string some_syllables(uint64_t seed, size_t words) {
  const std::vector<std::string> syllables = {"ba", "ke", "lo", "min", "tur", "s", "é", "42"};
  std::string text;
  for (size_t i = 0; i < words; ++i) {
    if (!text.empty()) text += random_bits(seed, 1, i) % 30 == 0 ? '\n' : ' ';
    const uint64_t count = 1 + random_bits(seed, 2, i) % 3;
    for (uint64_t k = 0; k < count; ++k)
      text += syllables[random_bits(seed, 3, 4 * i + k) % syllables.size()];
  }
  return text;
}

fs::path make_model(const fs::path& folder, int64_t vocabulary = 400) {
  WordCounts words;
  words.add(some_syllables(1, 20'000));
  write_file_atomically(folder / "m.model", data::train_tokenizer(words, vocabulary));
  return folder / "m.model";
}

}  // namespace

TEST_CASE("decoding gives back any bytes that were encoded", "[data]") {
  TemporaryDirectory folder;
  Tokenizer tokenizer(make_model(folder.path()));
  const auto text = GENERATE(
      std::string("bake lomin"), std::string(""), std::string("\n"), std::string("\n\na\n"),
      std::string(" a"), std::string("a "), std::string("a  b   c"), std::string("  "),
      std::string("tab\tand \"quotes\""), std::string("日本語 текст 😀"), some_syllables(9, 300));
  std::vector<int32_t> tokens;
  tokenizer.encode(text, tokens);
  CHECK(tokenizer.decode(tokens) == text);
  for (const int32_t token : tokens) CHECK((token > 1 && token < tokenizer.vocabulary()));
}

TEST_CASE("a word of megabytes comes back and takes little memory", "[data]") {
  TemporaryDirectory folder;
  Tokenizer tokenizer(make_model(folder.path()));
  for (const char* letter : {"b", "é", "語"}) {
    std::string word;
    while (word.size() < 100'000) word += letter;
    std::vector<int32_t> tokens;
    tokenizer.encode("ba " + word + " ke\nlo", tokens);
    CHECK((tokenizer.decode(tokens) == "ba " + word + " ke\nlo"));
  }
  std::ofstream("/proc/self/clear_refs") << "5";
  const auto resident = [](const std::string& key) {
    for (const std::string& line : split(read_file("/proc/self/status"), '\n'))
      if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1)) * 1024;
    return 0L;
  };
  [[maybe_unused]] const long before = resident("VmRSS");
  std::vector<int32_t> tokens;
  tokenizer.encode(std::string(8'000'000, 'b'), tokens);
#ifndef __SANITIZE_ADDRESS__
  CHECK(resident("VmHWM") - before < 300'000'000);  // was 100 bytes a byte
#endif
}

TEST_CASE("a text of many paragraphs and documents comes back without spaces behind its newlines",
          "[data]") {
  TemporaryDirectory folder;
  Tokenizer tokenizer(make_model(folder.path()));
  const std::vector<std::string> texts = {"bake lomin\nba ke\n\n tur", "lo",
                                          some_syllables(7, 400)};
  std::vector<int32_t> stream;
  std::string text;
  for (const std::string& one : texts) {
    tokenizer.encode(one, stream);
    stream.push_back(tokenizer.end_of_text());
    text += one;
  }
  CHECK(tokenizer.decode(stream) == text);
}

TEST_CASE("the bytes of a split's tokens add up to the bytes of its text", "[data]") {
  TemporaryDirectory folder;
  Tokenizer tokenizer(make_model(folder.path()));
  const data::PieceBytes pieces = tokenizer.piece_bytes();
  CHECK(pieces.pieces() == 400);
  std::vector<int32_t> stream = {tokenizer.end_of_text()};
  size_t bytes = 0;
  for (const std::string& one :
       {some_syllables(3, 300), std::string("日本語 текст\n😀 a"), std::string("\n\n b\n")}) {
    tokenizer.encode(one, stream);
    stream.push_back(tokenizer.end_of_text());
    bytes += one.size();
  }
  int64_t counted = 0;
  for (size_t i = 1; i < stream.size(); ++i) counted += pieces.behind(stream[i - 1], stream[i]);
  CHECK(counted == static_cast<int64_t>(bytes));
}

TEST_CASE("remembering words changes no token", "[data]") {
  TemporaryDirectory folder;
  const fs::path model = make_model(folder.path());
  Tokenizer tokenizer(model);
  sentencepiece::SentencePieceProcessor whole;
  REQUIRE(whole.Load(model.string()).ok());
  for (const std::string& paragraph :
       {std::string("bake lomin tur 4242 ba"), std::string(" ba  ke   lo "), std::string("   "),
        std::string("x"), std::string("unseen wörds ▁ here")}) {
    std::vector<int32_t> tokens;
    tokenizer.encode(paragraph, tokens);
    CHECK(tokens == whole.EncodeAsIds(paragraph));
  }
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::string paragraph = some_syllables(seed, 40);
    std::replace(paragraph.begin(), paragraph.end(), '\n', ' ');
    std::vector<int32_t> tokens;
    tokenizer.encode(paragraph, tokens);
    CHECK(tokens == whole.EncodeAsIds(paragraph));
  }
}

TEST_CASE("the same words give the same model, other words another", "[data]") {
  WordCounts words, same, other;
  words.add(some_syllables(1, 5000));
  same.add(some_syllables(1, 5000));
  other.add(some_syllables(2, 5000));
  CHECK(data::train_tokenizer(words, 300) == data::train_tokenizer(same, 300));
  CHECK(data::train_tokenizer(words, 300) != data::train_tokenizer(other, 300));
}

TEST_CASE("the vocabulary is exactly the one asked for, or an error", "[data]") {
  TemporaryDirectory folder;
  CHECK(Tokenizer(make_model(folder.path(), 321)).vocabulary() == 321);
  WordCounts words;
  words.add("few words here");
  CHECK_THROWS_WITH(data::train_tokenizer(words, 5000),
                    Catch::Contains("cannot learn a tokenizer of 5000 pieces"));
  CHECK_THROWS_WITH(data::train_tokenizer(words, 100),
                    Catch::Contains("cannot learn a tokenizer of 100 pieces"));
  CHECK_THROWS_AS(data::train_tokenizer(WordCounts(), 300), Error);
}

TEST_CASE("a damaged tokenizer model is refused", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = make_model(folder.path());
  write_file_atomically(path, read_file(path).substr(0, 2000));
  CHECK_THROWS_WITH(Tokenizer(path), Catch::Contains("not a tokenizer model"));
  write_file_atomically(path, "nonsense");
  CHECK_THROWS_WITH(Tokenizer(path), Catch::Contains("not a tokenizer model"));
}
