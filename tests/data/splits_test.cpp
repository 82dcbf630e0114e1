#include "data/text/splits.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "base/hash.hpp"

using namespace repro;
using data::Document;

namespace {

Document piece_of(int parent, int64_t piece, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += (i == 0 ? "" : " ") + std::to_string(parent);
  return {"p", std::to_string(parent), piece, "", text};
}

std::map<std::string, int64_t> pieces_by_split(const std::vector<Document>& documents) {
  std::map<std::string, int64_t> pieces;
  for (const Document& document : documents) ++pieces[document.split];
  return pieces;
}

}  // namespace

TEST_CASE("all pieces of a page are in one split", "[data]") {
  std::vector<Document> documents;
  for (int64_t piece = 0; piece < 3; ++piece)
    for (int parent = 0; parent < 1000; ++parent) documents.push_back(piece_of(parent, piece, 5));
  data::assign_splits(documents);
  std::map<std::string, std::set<std::string>> splits;
  for (const Document& document : documents) splits[document.id].insert(document.split);
  for (const auto& [id, names] : splits) CHECK(names.size() == 1);
  const auto pieces = pieces_by_split(documents);
  CHECK(pieces.at("valid") == 3 * 80);  // 8 % and 6 % of the words
  CHECK(pieces.at("test") == 3 * 60);
}

TEST_CASE("equal ids of two sources are two pages", "[data]") {
  std::vector<Document> documents;
  for (int parent = 0; parent < 1000; ++parent)
    for (const char* source : {"a", "b"}) {
      documents.push_back(piece_of(parent, 0, 5));
      documents.back().source = source;
    }
  data::assign_splits(documents);
  int apart = 0;
  for (size_t i = 0; i < documents.size(); i += 2)
    apart += documents[i].split != documents[i + 1].split;
  CHECK(apart > 100);
}

TEST_CASE("a page larger than a tenth of a split is never held out", "[data]") {
  const auto large_ones_unseen = [](int words) {
    std::vector<Document> documents;
    for (int parent = 0; parent < 1000; ++parent)
      documents.push_back(piece_of(parent, 0, parent < 100 ? words : 10));
    data::assign_splits(documents);
    int unseen = 0;
    for (const Document& document : documents)
      unseen += std::stoi(document.id) < 100 && document.split != "train";
    return std::pair(unseen, pieces_by_split(documents));
  };
  // Of 23,000 words valid has 1,840 and test 1,380; of 49,000 they have 3,920 and 2,940.
  CHECK(large_ones_unseen(140).first > 0);
  const auto [unseen, pieces] = large_ones_unseen(400);
  CHECK(unseen == 0);
  CHECK(pieces.at("valid") == 392);
  CHECK(pieces.at("test") == 294);
}

TEST_CASE("the split of a published record is the MD5 of its text modulo 100", "[data]") {
  CHECK(md5_hex("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(data::split_of_record("") == "train");              // 0xd41d8cd9 mod 100 = 65
  CHECK(data::split_of_record("document 356") == "valid");  // 0xcf7a2838 mod 100 = 0
  CHECK(data::split_of_record("document 189") == "valid");  // 0xf80ee637 mod 100 = 7
  CHECK(data::split_of_record("document 68") == "test");    // 0x8d3c86bc mod 100 = 8
  CHECK(data::split_of_record("document 97") == "test");    // 0xfebfe531 mod 100 = 13
  CHECK(data::split_of_record("document 62") == "train");   // 0xc04ea0ae mod 100 = 14
  std::map<std::string, int> splits;
  for (int i = 0; i < 20'000; ++i) ++splits[data::split_of_record(std::to_string(i))];
  CHECK(splits["valid"] == Approx(1600).epsilon(0.075));  // 8 %, three standard deviations
  CHECK(splits["test"] == Approx(1200).epsilon(0.085));
}
