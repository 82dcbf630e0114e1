#include "exchange/tokenizer_json.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "base/error.hpp"
#include "exchange/published_fixture.hpp"

using namespace repro;
using nlohmann::json;

namespace {

exchange::TokenizerFile parse(const json& tokenizer) {
  return exchange::parse_tokenizer(tokenizer.dump(), "DIR/tokenizer.json");
}

std::string refusal(const std::function<void(json&)>& change) {
  json tokenizer = exchange::byte_tokenizer();
  change(tokenizer);
  try {
    parse(tokenizer);
  } catch (const Error& error) {
    const std::string line = error.what();
    CHECK(line.starts_with("DIR/tokenizer.json"));
    CHECK(line.find('\n') == line.npos);
    return line;
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the pieces, merges and steps of a tokenizer.json are read", "[exchange]") {
  const exchange::TokenizerFile file = parse(exchange::byte_tokenizer());
  CHECK(file.byte_level);
  CHECK(file.words == exchange::kGpt2Words);
  CHECK(file.tokens == 262);
  CHECK(file.vocabulary.size() == 261);
  REQUIRE(file.merges.size() == 5);
  CHECK(file.merges[1].left == file.vocabulary.at("th"));
  CHECK(file.merges[1].right == file.vocabulary.at("e"));
  CHECK(file.merges[1].result == file.vocabulary.at("the"));
  CHECK(file.id_of("<|endoftext|>") == 261);
  CHECK(file.id_of("A") == 65);
  CHECK(file.id_of("nothing") == -1);
  // A byte's character: those that can be seen stand for themselves.
  CHECK(exchange::byte_characters()['A'] == "A");
  CHECK(exchange::byte_characters()[' '] == "\u0120");
  CHECK(exchange::byte_characters()['\n'] == "\u010A");
  CHECK(exchange::byte_characters()[0xAD] == "\u0143");
  CHECK(exchange::byte_characters()[0xFF] == "\u00FF");
}

TEST_CASE("merges may be texts or lists, and one of a space is a list", "[exchange]") {
  json tokenizer = exchange::byte_tokenizer();
  for (json& merge : tokenizer["model"]["merges"]) {
    const std::string text = merge;
    merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
  }
  CHECK(parse(tokenizer).merges.size() == 5);
}

TEST_CASE("what a tokenizer.json says beyond this program is refused by name", "[exchange]") {
  CHECK(refusal([](json&) {}) == "accepted");
  const auto with = [](const char* part, const json& value) {
    return refusal([&](json& t) { t[part] = value; });
  };
  const auto model_with = [](const char* key, const json& value) {
    return refusal([&](json& t) { t["model"][key] = value; });
  };
  CHECK_THAT(with("normalizer", {{"type", "Lowercase"}}),
             Catch::Contains("normalizer: type = \"Lowercase\": only NFC, Prepend and Replace"));
  CHECK_THAT(with("normalizer", {{"type", "Sequence"}, {"normalizers", {{{"type", "Strip"}}}}}),
             Catch::Contains("type = \"Strip\""));
  CHECK_THAT(with("normalizer",
                  {{"type", "Replace"}, {"pattern", {{"Regex", "(a+)+$"}}}, {"content", "b"}}),
             Catch::Contains("Regex = \"(a+)+$\": none of the expressions"));
  CHECK_THAT(with("pre_tokenizer", {{"type", "Whitespace"}}),
             Catch::Contains("pre_tokenizer: type = \"Whitespace\": only Split and ByteLevel"));
  CHECK_THAT(with("pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", true}}),
             Catch::Contains("add_prefix_space = true: only false"));
  CHECK_THAT(with("pre_tokenizer", {{"type", "Sequence"},
                                    {"pretokenizers",
                                     {{{"type", "Split"},
                                       {"pattern", {{"Regex", "(x+x+)+y"}}},
                                       {"behavior", "Isolated"},
                                       {"invert", false}}}}}),
             Catch::Contains("Regex = \"(x+x+)+y\": none of the expressions"));
  CHECK_THAT(with("pre_tokenizer", nullptr),
             Catch::Contains("neither byte-level nor with byte_fallback"));
  CHECK_THAT(with("unheard_of", 1), Catch::Contains("key 'unheard_of' = 1"));
  CHECK_THAT(model_with("type", "Unigram"), Catch::Contains("model: type = \"Unigram\""));
  CHECK_THAT(model_with("dropout", 0.1), Catch::Contains("dropout = 0.1"));
  CHECK_THAT(model_with("end_of_word_suffix", "</w>"), Catch::Contains("end_of_word_suffix"));
  CHECK_THAT(model_with("vocab", json::object()), Catch::Contains("no vocab"));
  CHECK_THAT(model_with("vocab", json::array({1})), Catch::Contains("no vocab"));
  CHECK_THAT(refusal([](json& t) { t["model"]["vocab"]["th"] = -1; }),
             Catch::Contains("piece 'th' of its vocab has the id -1"));
  CHECK_THAT(refusal([](json& t) { t["model"]["vocab"]["th"] = 5; }),
             Catch::Contains("two pieces of its vocab have the id 5"));
  CHECK_THAT(refusal([](json& t) { t["model"]["vocab"].erase("\u0120"); }),
             Catch::Contains("its vocab lacks"));
  CHECK_THAT(refusal([](json& t) { t["model"]["merges"][0] = "t h e"; }),
             Catch::Contains("merge \"t h e\" is no pair of pieces"));
  CHECK_THAT(refusal([](json& t) { t["model"]["merges"][0] = "h t"; }),
             Catch::Contains("merge \"h t\" is of pieces that its vocab lacks"));
  CHECK_THAT(refusal([](json& t) { t["added_tokens"][0]["lstrip"] = true; }),
             Catch::Contains("lstrip = true: of token '<|endoftext|>': only false"));
  CHECK_THAT(refusal([](json& t) { t["added_tokens"][0]["content"] = ""; }),
             Catch::Contains("content"));
}

TEST_CASE("a tokenizer.json that is no JSON or too deep is refused in one line", "[exchange]") {
  const auto said = [](const std::string& text) -> std::string {
    try {
      exchange::parse_tokenizer(text, "DIR/tokenizer.json");
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK_THAT(said(exchange::byte_tokenizer().dump().substr(0, 400)),
             Catch::Contains("no JSON from byte"));
  CHECK_THAT(said(std::string(100'000, '[')), Catch::Contains("no JSON"));
  CHECK_THAT(said("7"), Catch::Contains("not a JSON object"));
  CHECK_THAT(said("{\"a\": \"\xff\"}"), Catch::Contains("no JSON"));
}
