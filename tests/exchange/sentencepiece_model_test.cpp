#include "exchange/sentencepiece_model.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "base/error.hpp"
#include "exchange/published_fixture.hpp"
#include "exchange/tokenizer_files.hpp"

using namespace repro;
using exchange::PieceKind;
using exchange::SentencepieceModel;
using nlohmann::json;

namespace {

// Protocol buffers as sentencepiece writes them.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7F));
  return bytes + static_cast<char>(value);
}
std::string number(int field, int64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(static_cast<uint64_t>(value));
}
std::string bytes(int field, const std::string& text) {
  return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(text.size()) + text;
}
std::string real(int field, float value) {
  std::string out = varint(static_cast<uint64_t>(field) << 3 | 5);
  return out.append(reinterpret_cast<const char*>(&value), 4);
}
std::string piece(const std::string& text, float score, int kind) {
  return bytes(1, bytes(1, text) + real(2, score) + number(3, kind));
}

// <unk> <s> </s>, the bytes, and "▁the" with what it is merged from.
std::string llama_pieces() {
  std::string model = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3);
  for (int byte = 0; byte < 256; ++byte) model += piece(fmt::format("<0x{:02X}>", byte), 0, 6);
  float score = 0;
  for (const char* text : {"he", "\u2581t", "\u2581the", "th"}) model += piece(text, score--, 1);
  for (const char* text : {"\u2581", "t", "h", "e"}) model += piece(text, score--, 1);
  return model;
}
const std::string kTrainer =
    bytes(2, number(3, 2) + number(35, 1) + number(40, 0) + number(41, 1) + number(42, 2));
const std::string kNormalizer = bytes(3, bytes(1, "identity") + number(4, 0));

std::string refusal(const std::string& model) {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "tokenizer.model", model);
  try {
    exchange::read_sentencepiece(folder.path() / "tokenizer.model");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

SentencepieceModel read(const std::string& model) {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "tokenizer.model", model);
  return exchange::read_sentencepiece(folder.path() / "tokenizer.model");
}

}  // namespace

TEST_CASE("a sentencepiece model's pieces are read with their scores and kinds", "[exchange]") {
  const SentencepieceModel model = read(llama_pieces() + kTrainer + kNormalizer);
  REQUIRE(model.pieces.size() == 3 + 256 + 8);
  CHECK(model.pieces[0].kind == PieceKind::unknown);
  CHECK(model.pieces[2].text == "</s>");
  CHECK(model.pieces[3 + 10].text == "<0x0A>");
  CHECK(model.pieces[3 + 10].kind == PieceKind::byte);
  CHECK(model.pieces[261].text == "\u2581the");
  CHECK(model.pieces[261].score == -2);
  CHECK(model.begin == 1);
  CHECK(model.end == 2);
  CHECK(model.dummy_prefix);
  // -1 takes ten bytes: the program's own models have no beginning.
  CHECK(read(llama_pieces() + bytes(2, number(3, 2) + number(35, 1) + number(41, -1)) + kNormalizer)
            .begin == -1);
}

TEST_CASE("the merges of a model stand in the order of its scores", "[exchange]") {
  const SentencepieceModel model = read(llama_pieces() + kTrainer + kNormalizer);
  const auto written = exchange::tokenizer_json(model, exchange::Spaces::once);
  CHECK(written.at("model").at("merges").dump() ==
        "[[\"h\",\"e\"],[\"\u2581\",\"t\"],[\"\u2581t\",\"he\"],[\"t\",\"h\"]]");
  CHECK(written.at("normalizer").at("normalizers").size() == 2);
  CHECK(written.at("added_tokens").size() == 3);
  CHECK(exchange::tokenizer_config_json(model, 64).at("bos_token") == "<s>");
  const auto file = exchange::parse_tokenizer(written.dump(), "tokenizer.json");
  CHECK(file.tokens == 267);
  CHECK_FALSE(file.byte_level);
}

TEST_CASE("a model that finds its tokens in another way is refused", "[exchange]") {
  const auto trained = [](const std::string& trainer) {
    return refusal(llama_pieces() + bytes(2, trainer) + kNormalizer);
  };
  const auto normalised = [](const std::string& normalizer) {
    return refusal(llama_pieces() + kTrainer + bytes(3, normalizer));
  };
  CHECK(refusal(llama_pieces() + kTrainer + kNormalizer) == "accepted");
  CHECK_THAT(trained(number(3, 1) + number(35, 1)), Catch::Contains("it is no BPE"));
  CHECK_THAT(trained(number(3, 2)), Catch::Contains("it has no byte pieces"));
  CHECK_THAT(trained(number(3, 2) + number(35, 1) + number(24, 1)),
             Catch::Contains("it treats spaces in a way of its own"));
  CHECK_THAT(normalised(bytes(2, "map") + number(4, 0)),
             Catch::Contains("it replaces characters of a text"));
  CHECK_THAT(normalised(""), Catch::Contains("it removes spaces of a text"));
  CHECK_THAT(normalised(number(4, 0) + number(5, 0)), Catch::Contains("treats spaces"));
  CHECK_THAT(refusal(llama_pieces() + piece("<user>", 0, 4) + kTrainer + kNormalizer),
             Catch::Contains("piece '<user>' is of a kind that is not read here"));
}

TEST_CASE("a sentencepiece model that is cut or says nonsense is refused", "[exchange]") {
  const std::string whole = llama_pieces() + kTrainer + kNormalizer;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{9}, whole.size() / 2, whole.size() - 1})
    CHECK(refusal(whole.substr(0, size)) != "accepted");
  CHECK_THAT(refusal("nonsense"), Catch::Contains("not a whole sentencepiece model"));
  CHECK_THAT(refusal(varint(1 << 3 | 2) + varint(1'000'000'000'000) + "abc"),
             Catch::Contains("not a whole sentencepiece model"));
  CHECK_THAT(refusal(whole + piece("he", 0, 1)), Catch::Contains("piece 'he' is empty, twice"));
  CHECK_THAT(refusal(whole + piece("\xff", 0, 1)), Catch::Contains("no UTF-8"));
  CHECK_THAT(refusal(whole + piece("x", 0, 9)), Catch::Contains("of a kind"));
  CHECK_THAT(refusal(llama_pieces() + bytes(2, number(3, 2) + number(35, 1) + number(42, 9999)) +
                     kNormalizer),
             Catch::Contains("names token 9999, but has 267 pieces"));
}

TEST_CASE("a checkpoint that has only a tokenizer.model is read by its pieces", "[exchange]") {
  exchange::PublishedFixture fixture = exchange::PublishedFixture::llama();
  fixture.config["bos_token_id"] = 1;
  fixture.config["eos_token_id"] = 2;
  fixture.tokenizer_config = json::object();
  fixture.write();
  fs::remove(fixture.path() / "tokenizer.json");
  write_file_atomically(fixture.path() / "tokenizer.model",
                        llama_pieces() + kTrainer + kNormalizer);
  const auto config = exchange::read_config(fixture.path() / "config.json");
  const auto carried = exchange::carry_tokenizer(fixture.path(), config, "");
  CHECK(carried.tokens == 267);
  CHECK(json::parse(carried.config_json).at("bos_token") == "<s>");
  CHECK_THROWS_WITH(exchange::carry_tokenizer(fixture.path(), config, std::string(64, 'a')),
                    Catch::Contains("tokenizer.json: is missing, with which the weights"));
}
