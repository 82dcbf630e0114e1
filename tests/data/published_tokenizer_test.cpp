#include "data/tokens/published_tokenizer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "data/tokens/tokenizer.hpp"
#include "exchange/published_fixture.hpp"
#include "exchange/tokenizer_files.hpp"

using namespace repro;
using data::PublishedTokenizer;
using nlohmann::json;

namespace {

using Tokens = std::vector<int32_t>;

Tokens encoded(data::Encoder& encoder, const std::string& text) {
  Tokens tokens;
  encoder.encode(text, tokens);
  return tokens;
}

// Writes both files and opens the tokenizer.
PublishedTokenizer opened(const TemporaryDirectory& folder, const json& tokenizer,
                          const json& settings = {{"eos_token", "<|endoftext|>"}}) {
  write_file_atomically(folder.path() / "tokenizer.json", tokenizer.dump());
  write_file_atomically(folder.path() / "tokenizer_config.json", settings.dump());
  return PublishedTokenizer(folder.path() / "tokenizer.json");
}

// The bytes of a text whose pairs are not merged.
Tokens as_bytes(const std::string& text) {
  Tokens tokens;
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

Tokens operator+(Tokens left, const Tokens& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::vector<std::string> texts_of_all_kinds() {
  std::vector<std::string> texts = {"",
                                    " ",
                                    "  ",
                                    "a",
                                    " a",
                                    "a ",
                                    "a  b   c",
                                    "\n",
                                    "\n\n",
                                    "a\nb",
                                    "\na",
                                    "a\n",
                                    "a\n\n b\n",
                                    "\n \n",
                                    " \n",
                                    "\t x",
                                    "tab\tand \"quotes\"",
                                    "\u2581",
                                    "\u2581\n",
                                    "a\u2581b",
                                    "\r\n",
                                    "\u65E5\u672C\u8A9E \u0442\u0435\u043A\u0441\u0442 \U0001F600",
                                    "caf\u00E9 cafe\u0301",
                                    "42 4242 4,200.5",
                                    "don't WON'T it's",
                                    "x\u00A0y\u3000z",
                                    "Question: which?\nAnswer: the",
                                    std::string("nul\0byte", 8)};
  for (uint64_t seed = 0; seed < 60; ++seed) {
    std::string text;
    const std::vector<std::string> parts = {"the ",   "th", "e", " ", "\n",  "  ",     "a",  "in",
                                            "\u00E9", "4",  ".", "T", "at ", "\u8A9E", "'s "};
    for (uint64_t i = 0; i < 40; ++i) text += parts[random_bits(seed, 5, i) % parts.size()];
    texts.push_back(text);
  }
  return texts;
}

fs::path learnt_model(const fs::path& folder) {
  data::WordCounts words;
  // A word that spells a space's mark would be learnt as a piece of two spaces.
  for (const std::string& text : texts_of_all_kinds())
    for (int i = 0; i < 20 && text.find("\u2581") == text.npos; ++i) words.add(text);
  write_file_atomically(folder / "tokenizer.model", data::train_tokenizer(words, 330));
  return folder / "tokenizer.model";
}

}  // namespace

TEST_CASE("an exported tokenizer gives the tokens of its model, paragraph by paragraph", "[data]") {
  TemporaryDirectory folder;
  data::Tokenizer own(learnt_model(folder.path()));
  const auto model = exchange::read_sentencepiece(folder.path() / "tokenizer.model");
  PublishedTokenizer published =
      opened(folder, exchange::tokenizer_json(model, exchange::Spaces::by_paragraph),
             exchange::tokenizer_config_json(model, 64));
  CHECK(published.vocabulary() == own.vocabulary());
  CHECK(published.before_text() == own.end_of_text());
  for (const std::string& text : texts_of_all_kinds()) {
    INFO(text);
    CHECK(encoded(published, text) == encoded(own, text));
  }
}

TEST_CASE("GPT-2's words are cut where its expression cuts them", "[data]") {
  TemporaryDirectory folder;
  PublishedTokenizer tokenizer = opened(folder, exchange::byte_tokenizer());
  // 256 th, 257 the, 258 " the", 259 at, 260 in.
  CHECK(encoded(tokenizer, "the the") == Tokens{257, 258});
  CHECK(encoded(tokenizer, "athe") == Tokens{'a', 257});
  CHECK(encoded(tokenizer, "  the") == Tokens{' ', 258});
  CHECK(encoded(tokenizer, "the\n\nthe") == Tokens{257, '\n', '\n', 257});
  CHECK(encoded(tokenizer, "a't") == Tokens{'a', '\'', 't'});
  CHECK(encoded(tokenizer, "at't in9in") == Tokens{259, '\'', 't', ' ', 260, '9', 260});
  CHECK(encoded(tokenizer, "\u00E9 \U0001F600") == as_bytes("\u00E9 \U0001F600"));
  CHECK(encoded(tokenizer, "").empty());
  CHECK(tokenizer.vocabulary() == 262);
  CHECK(tokenizer.before_text() == 261);
}

TEST_CASE("added tokens are cut out of a text first, the leftmost and longest", "[data]") {
  TemporaryDirectory folder;
  json described = exchange::byte_tokenizer();
  const auto add = [&](int id, const char* text, bool normalized) {
    json token = described["added_tokens"][0];
    token["id"] = id;
    token["content"] = text;
    token["normalized"] = normalized;
    described["added_tokens"].push_back(token);
  };
  add(262, "<|end", false);
  add(263, "e\u0301", true);
  described["normalizer"] = {{"type", "NFC"}};
  PublishedTokenizer tokenizer = opened(folder, described);
  CHECK(encoded(tokenizer, "the<|endoftext|>the") == Tokens{257, 261, 257});
  CHECK(encoded(tokenizer, "<|endo") == Tokens{262, 'o'});
  CHECK(encoded(tokenizer, "<|en") == as_bytes("<|en"));
  CHECK(encoded(tokenizer, "<|endoftext|><|endoftext|>") == Tokens{261, 261});
  // A normalised one is found in the normalised text, however it was spelt.
  CHECK(encoded(tokenizer, "a\u00E9b") == Tokens{'a', 263, 'b'});
  CHECK(encoded(tokenizer, "ae\u0301b") == Tokens{'a', 263, 'b'});
}

TEST_CASE("a word that is a piece is one token where merges are to be ignored", "[data]") {
  TemporaryDirectory folder;
  json described = exchange::byte_tokenizer();
  described["model"]["vocab"]["hat"] = 262;  // no merges lead to it
  PublishedTokenizer merging = opened(folder, described);
  CHECK(encoded(merging, "hat") == Tokens{'h', 259});
  described["model"]["ignore_merges"] = true;
  PublishedTokenizer ignoring = opened(folder, described);
  CHECK(encoded(ignoring, "hat") == Tokens{262});
}

TEST_CASE("a byte-fallback tokenizer of others puts a space before the whole text alone",
          "[data]") {
  TemporaryDirectory folder;
  data::Tokenizer own(learnt_model(folder.path()));
  const auto model = exchange::read_sentencepiece(folder.path() / "tokenizer.model");
  PublishedTokenizer published =
      opened(folder, exchange::tokenizer_json(model, exchange::Spaces::once),
             exchange::tokenizer_config_json(model, 64));
  CHECK(encoded(published, "the at") == encoded(own, "the at"));
  const int32_t newline = encoded(own, "\n").front();
  // Of the second paragraph's two spaces of ours there is the one that is written.
  CHECK(encoded(published, "the\n the") ==
        encoded(own, "the") + Tokens{newline} + encoded(own, "the"));
}

TEST_CASE("a run's tokenizer is the one that its folder holds", "[data]") {
  TemporaryDirectory folder;
  const fs::path model = learnt_model(folder.path());
  const auto own = data::open_encoder(folder.path());
  CHECK(own->sha256() == data::Tokenizer(model).sha256());
  PublishedTokenizer published = opened(folder, exchange::byte_tokenizer());
  CHECK(data::open_encoder(folder.path())->sha256() == published.sha256());
  TemporaryDirectory empty;
  CHECK_THROWS_WITH(data::open_encoder(empty.path()), Catch::Contains("tokenizer.model"));
}

TEST_CASE("a text that is no UTF-8 has no published tokens, and a long word has all of them",
          "[data]") {
  TemporaryDirectory folder;
  PublishedTokenizer tokenizer = opened(folder, exchange::byte_tokenizer());
  CHECK_THROWS_WITH(encoded(tokenizer, "a\xff"), Catch::Contains("not UTF-8"));
  std::string long_word;
  for (int i = 0; i < 100'000; ++i) long_word += "the";
  CHECK((encoded(tokenizer, long_word) == Tokens(100'000, 257)));
  CHECK(encoded(tokenizer, std::string(100'000, ' ')).size() == 100'000);
}

TEST_CASE("every text has the tokens that the tokenizers library gives it", "[data]") {
  const fs::path fixtures = fs::path(REPRO_TESTS) / "exchange" / "fixtures";
  for (const char* name : {"qwen2_moe", "gpt2", "llama_moe"}) {
    PublishedTokenizer tokenizer(fixtures / name / "tokenizer.json");
    const json expected = json::parse(read_file(fixtures / name / "expected.json"));
    CHECK(expected.size() > 20);
    for (const json& each : expected) {
      INFO(name << ": '" << each.at("text").get<std::string>() << "'");
      CHECK(encoded(tokenizer, each.at("text")) == each.at("ids").get<Tokens>());
    }
  }
}
