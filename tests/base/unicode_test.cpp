#include "base/unicode.hpp"

#include <catch2/catch.hpp>

using namespace repro;

TEST_CASE("white space of any alphabet is one space", "[base]") {
  std::string text;
  append_collapsed(text, " \n a\u00A0\u2003b\t\t");
  append_collapsed(text, " c");
  CHECK(text == "a b c");
  CHECK(is_utf8("é😀"));
  CHECK_FALSE(is_utf8("\xC0\x80"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_utf8("\xE2\x82"));
}

TEST_CASE("white space of any alphabet goes from both ends, and stays between", "[base]") {
  CHECK(stripped("\u00A0\n a \u2003b\u2003\t") == "a \u2003b");
  CHECK(stripped("\u8A9E") == "\u8A9E");
  CHECK(stripped(" \u2003\n").empty());
  CHECK(stripped("").empty());
}

TEST_CASE("letters are letters in every script and signs are not", "[base]") {
  for (const char32_t letter : U"aZ\u00E9\u00DF\u0416\u05D0\u0939\u8A9E\uAC00\u02B0")
    if (letter != 0) CHECK(is_letter(letter));
  for (const char32_t sign : U"0 -\u00D7\u00F7\u2019\u20AC\u0301\U0001F600")
    if (sign != 0) CHECK_FALSE(is_letter(sign));
}

TEST_CASE("a malformed byte is one replacement character", "[base]") {
  size_t at = 0;
  const std::string_view text = "\xE2\x82z";
  CHECK(next_code_point(text, at) == 0xFFFD);
  CHECK(at == 1);
  CHECK(next_code_point(text, at) == 0xFFFD);
  CHECK(next_code_point(text, at) == U'z');
  CHECK(at == text.size());
}

TEST_CASE("well-formed text stays, and each byte that is none becomes a replacement", "[base]") {
  CHECK(well_formed("caf\xC3\xA9 \uFFFD") == "caf\xC3\xA9 \uFFFD");
  CHECK(well_formed("a\xFFz") == "a\uFFFDz");
  // Four bytes for a code point that Unicode does not have, and half a pair of UTF-16.
  CHECK(well_formed("\xF7\x9F\x98\x80") == "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(well_formed("\xED\xA0\x80!") == "\uFFFD\uFFFD\uFFFD!");
  CHECK(well_formed("").empty());
}

TEST_CASE("text takes as many columns as a terminal shows", "[base]") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("\u00B1\u2265") == 2);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("\u8A9E\U0001F600") == 4);
  CHECK(display_width("a\xFFz") == 3);
}

TEST_CASE("composed and decomposed spellings have one normal form", "[base]") {
  CHECK(nfc("plain") == "plain");
  CHECK(nfc("e\u0301a") == "\u00E9a");
  CHECK(nfc("\u1112\u1161\u11AB") == "\uD55C");
  CHECK(nfc("\u2126") == "\u03A9");
  CHECK_THROWS_WITH(nfc("a\xFFz"), Catch::Contains("not UTF-8"));
}

TEST_CASE("what steers a terminal or reorders a line is never printable", "[base]") {
  CHECK(printable("plain \u00E9 \u8A9E\n\tb") == "plain \u00E9 \u8A9E\n\tb");
  CHECK(printable("a\x1b[2Jb") == "a\uFFFD[2Jb");
  CHECK(printable("a\rb\x7f\b") == "a\uFFFDb\uFFFD\uFFFD");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\uFFFDb");
  for (const char* steering :
       {"\u0080", "\u009B", "\u009F", "\u202A", "\u202E", "\u2066", "\u2069"})
    CHECK(printable(steering) == "\uFFFD");
  for (const char* harmless : {"\u00A0", "\u200F", "\u2029", "\u202F", "\u206A", "\uFFFD"})
    CHECK(printable(harmless) == harmless);
  CHECK(printable("\xC3(\x9b") == "\uFFFD(\uFFFD");
  CHECK(printable_line("a\nb\tc\u2028d\re") == "a b c d\uFFFDe");
}
