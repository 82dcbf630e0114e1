#include "data/formats/dictionary.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

using namespace repro;
using data::entry_text;

namespace {

std::map<std::string, std::vector<std::string>> entries_of(const std::string& index,
                                                           const std::string& text) {
  std::map<std::string, std::vector<std::string>> entries;
  data::read_dictionary(index, text, "d.index",
                        [&](const std::string& id, std::vector<std::string>&& paragraphs) {
                          entries[id] = std::move(paragraphs);
                        });
  return entries;
}

}  // namespace

TEST_CASE("an index says in base 64 where each entry stands", "[data]") {
  const std::string text = std::string(64, '-') + "ant\n\n  a small\n  insect\n" + "bee flies\n";
  const auto entries =
      entries_of("00-database-info\tA\tBA\nant\tBA\tY\nemmet\tBA\tY\nbee\tBY\tK\n", text);
  CHECK(entries == std::map<std::string, std::vector<std::string>>{
                       {"ant", {"ant", "a small insect"}}, {"bee", {"bee flies"}}});
}

TEST_CASE("a line of the index that is damaged is refused by number", "[data]") {
  CHECK_THROWS_WITH(entries_of("ant\tA\tB\nbee\tA\n", "ants"),
                    Catch::StartsWith("d.index: line 2: expected headword, offset and length"));
  CHECK_THROWS_WITH(entries_of("ant\tA\t=\n", "ants"), Catch::Contains("line 1: expected"));
  CHECK_THROWS_WITH(entries_of("ant\tA\tAAAAAAAAAAAB\n", "ants"), Catch::Contains("expected"));
  CHECK_THROWS_WITH(entries_of("ant\tB\tE\n", "ants"),
                    Catch::Contains("entry 'ant' ends at byte 5, the text has 4"));
}

TEST_CASE("links, respellings, etymologies and sources are no text of an entry", "[data]") {
  CHECK(entry_text("Abbey \\Ab\"bey\\ ([a^]b\"b[y^]), n. [OF. aba[\"i]e, fr. {abbas}.] A house.") ==
        "Abbey, n. A house.");
  CHECK(entry_text("in medi[ae]val times, [ae]ther [1913 Webster]") ==
        "in mediaeval times, aether");
  CHECK(entry_text("the {MUD}, see [{Jargon File}]. [a [b] ] end") == "the MUD, see. end");
  CHECK(entry_text("C:\\a\\b, a \\lone and an [open") == "C:\\a\\b, a \\lone and an open");
}
