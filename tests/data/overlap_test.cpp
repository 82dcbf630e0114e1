#include "data/text/overlap.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::Document;
using data::Overlap;
using data::TrainRuns;

namespace {

// "w10 w11 ...": words that occur nowhere else.
std::string numbered(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i) text += (text.empty() ? "w" : " w") + std::to_string(i);
  return text;
}

Overlap overlap_of(const std::string& unseen, const std::string& train) {
  TrainRuns runs;
  runs.expect(unseen);
  runs.see(train);
  return runs.overlap(unseen);
}

}  // namespace

TEST_CASE("a word is seen when it stands in 13 words in a row that train holds", "[data]") {
  CHECK(overlap_of(numbered(0, 40), numbered(10, 22)).seen == 0);
  CHECK(overlap_of(numbered(0, 40), numbered(10, 23)).seen == 13);
  CHECK(overlap_of(numbered(0, 40), numbered(10, 30)).seen == 20);
  CHECK(overlap_of(numbered(0, 40), numbered(10, 24) + " x " + numbered(20, 40)).seen == 30);
  CHECK(overlap_of(numbered(0, 40), numbered(0, 40)).seen == 40);
  CHECK(overlap_of(numbered(0, 40), numbered(0, 40)).words == 40);
  CHECK(overlap_of(numbered(0, 12), numbered(0, 12)).seen == 0);
  CHECK(overlap_of("", numbered(0, 40)).share() == 0);
}

TEST_CASE("case, punctuation and line ends hide no seen word", "[data]") {
  const std::string train =
      "It is said that the old ship's sailors, in winter, saw no land at all.";
  CHECK(overlap_of(train, train).seen == 15);
  CHECK(overlap_of("IT IS SAID: that the \"old ships\nsailors\" (in winter) saw -- no land at all",
                   train)
            .seen == 15);
  CHECK(overlap_of("It is said that the old ships sailors in summer saw no land at all", train)
            .seen == 0);
}

TEST_CASE("held-out paragraphs that train holds are dropped, and documents that lose too much",
          "[data]") {
  std::vector<Document> documents = {
      {"p", "0", 0, "train", numbered(0, 20) + "\n" + numbered(100, 120)},
      {"p", "1", 0, "valid",
       numbered(200, 230) + "\n" + numbered(0, 15) + "\n" + numbered(300, 320)},
      {"p", "2", 0, "test", numbered(100, 120) + "\n" + numbered(400, 409)},
      {"p", "3", 0, "test", numbered(500, 510)}};
  std::map<std::string, int64_t> dropped;
  data::drop_seen(documents, 10, dropped);
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].text == numbered(0, 20) + "\n" + numbered(100, 120));
  CHECK(documents[1].text == numbered(200, 230) + "\n" + numbered(300, 320));
  CHECK(documents[2].id == "3");
  CHECK(dropped.at("paragraphs: held out, seen in train") == 2);
  CHECK(dropped.at("documents: held out, seen in train") == 1);
}

TEST_CASE("the overlap of a corpus is that of each held-out split with train", "[data]") {
  TemporaryDirectory folder;
  const std::vector<Document> documents = {
      {"p", "0", 0, "valid", numbered(0, 50)},    {"p", "1", 0, "train", numbered(10, 30)},
      {"p", "2", 0, "test", numbered(100, 110)},  {"p", "3", 0, "valid", numbered(200, 250)},
      {"p", "4", 0, "train", numbered(100, 110)}, {"p", "5", 0, "train", numbered(240, 260)}};
  std::string lines;
  for (const Document& document : documents) lines += to_line(document);
  write_file_atomically(folder.path() / "documents.jsonl", lines);
  const auto overlap = data::measure_overlap(folder.path() / "documents.jsonl");
  REQUIRE(overlap.size() == 2);
  CHECK(overlap.at("valid").words == 100);
  CHECK(overlap.at("valid").seen == 20);
  CHECK(overlap.at("valid").share() == 0.2);
  CHECK(overlap.at("test").words == 10);
  CHECK(overlap.at("test").seen == 0);
}
