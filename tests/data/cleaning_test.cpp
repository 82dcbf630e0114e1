#include "data/text/cleaning.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/unicode.hpp"
#include "data/formats/html.hpp"
#include "data/formats/readers.hpp"
#include "data/text/paragraph_filter.hpp"

using namespace repro;
using namespace repro::data;

namespace {

// Passes the filter: stop words, a full stop, words of ordinary length.
std::string sentence(int number, int words = 12) {
  std::string text = "The story of number " + std::to_string(number) + " is one that was told to";
  for (int i = 11; i < words - 1; ++i) text += i % 3 == 0 ? " the" : " house";
  return text + " them.";
}

std::vector<Document> clean(const std::vector<std::vector<std::string>>& texts,
                            int64_t minimum_words = 10) {
  std::vector<Document> documents;
  Cleaner cleaner([&](Document&& document) { documents.push_back(document); });
  for (size_t i = 0; i < texts.size(); ++i)
    cleaner.add("p", std::to_string(i), texts[i], minimum_words);
  return documents;
}

}  // namespace

TEST_CASE("block elements are paragraphs and inline ones are not", "[data]") {
  const auto paragraphs = html_paragraphs(
      "<html><head><title>no</title><style>no</style></head><body>"
      "<nav>no</nav><h1>Head <em>line</em></h1><p>One<br>two &amp; <a href=x>three</a>\n\n four"
      "<ul><li>item<li>other</ul><pre>no</pre><table><tr><td>cell</td><td>&ldquo;x&rdquo;</table>"
      "<script>no</script><textarea>no</textarea><p> &nbsp; </p>tail<footer>no</footer></body>");
  CHECK(paragraphs == std::vector<std::string>{"Head line", "One two & three four", "item", "other",
                                               "cell", "\u201Cx\u201D", "tail"});
}

TEST_CASE("a page is read in the charset it declares", "[data]") {
  const auto first = [](const std::string& page) { return html_paragraphs(page).at(0); };
  CHECK(first("<meta charset=\"iso-8859-1\"><p>caf\xE9") == "café");
  CHECK(first("<META http-equiv=x content='text/html; charset=windows-1252'><p>\x93q\x94") ==
        "\u201Cq\u201D");
  CHECK(first("<p>caf\xC3\xA9") == "café");
  CHECK(first("<p>caf\xE9") == "café");
  CHECK(first("<meta charset=utf-8><p>a\xFFz") == "a\uFFFDz");
  CHECK(first("<meta charset=nonsense><p>caf\xE9") == "café");
  CHECK(html_paragraphs("").empty());
}

TEST_CASE("a page's paragraphs are UTF-8 whatever it holds", "[data]") {
  for (const char* page : {"<meta charset=utf-8><p>a\xF7\x9F\x98\x80z\xFF", "<p>a&#xCCCCCCCC;z",
                           "<p>&#xD800;&#x110000;z", "<meta charset=utf-16><p>\xD8z"})
    for (const std::string& paragraph : html_paragraphs(page)) CHECK(is_utf8(paragraph));
  CHECK(html_paragraphs("<meta charset=utf-8><p>a\xF7\x9F\x98\x80z\xFF").at(0) ==
        "a\uFFFD\uFFFD\uFFFD\uFFFDz\uFFFD");
}

TEST_CASE("deeply nested pages do not exhaust the stack", "[data]") {
  std::string page;
  for (int i = 0; i < 20'000; ++i) page += "<span>";
  const auto paragraphs = html_paragraphs(page + "deep");
  CHECK(paragraphs == std::vector<std::string>{"deep"});
}

TEST_CASE("the filter keeps prose and names the reason for all else", "[data]") {
  const std::string prose =
      "It was the best of times and it was the worst of times for all of them.";
  CHECK(judge_paragraph(prose) == ParagraphVerdict::keep);
  CHECK(judge_paragraph("It was the best of times and the worst.") ==
        ParagraphVerdict::too_few_words);
  CHECK(judge_paragraph(prose.substr(0, prose.size() - 1)) == ParagraphVerdict::no_sentence_end);
  CHECK(judge_paragraph(prose.substr(0, prose.size() - 1) + "\u201D") == ParagraphVerdict::keep);
  CHECK(judge_paragraph("It was 1 of 22 and 333 of 4444 for 55555 of 666666 in 7777777 to all.") ==
        ParagraphVerdict::few_letters);
  CHECK(judge_paragraph("Это было в the of and to a in is that it for лучшее из всех времён.") ==
        ParagraphVerdict::not_ascii);
  CHECK(judge_paragraph("Large brown dogs chase small white cats through green fields, barking "
                        "loud.") == ParagraphVerdict::few_stop_words);
  CHECK(judge_paragraph("It is of a to in so we do my i it is of a to in so.") ==
        ParagraphVerdict::word_length);
  std::string endless;
  while (endless.size() <= 20'000) endless += prose + " ";
  endless.pop_back();
  CHECK(judge_paragraph(endless) == ParagraphVerdict::too_long);
}

TEST_CASE("the filter keeps what is just enough and drops what is one short of it", "[data]") {
  const auto repeated = [](const std::string& word, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += word + " ";
    return text;
  };
  CHECK(judge_paragraph("It was the best of times and the worst then.") == ParagraphVerdict::keep);
  CHECK(judge_paragraph("It was the best of times and the worst.") ==
        ParagraphVerdict::too_few_words);

  std::string prose = repeated("It was the best of times for the people of the town and", 400);
  prose.resize(19'999);
  CHECK(judge_paragraph(prose + ".") == ParagraphVerdict::keep);
  CHECK(judge_paragraph(prose + "!.") == ParagraphVerdict::too_long);

  // 36 letters and spaces of 45 characters, then of 46.
  CHECK(judge_paragraph("the, of, and, to, a, in, is, that, it forest.") == ParagraphVerdict::keep);
  CHECK(judge_paragraph("the, of, and, to, a, in, is, that, it, forest.") ==
        ParagraphVerdict::few_letters);

  CHECK(judge_paragraph(repeated("the", 9) + repeated("houses", 40) + "houses.") ==
        ParagraphVerdict::keep);
  CHECK(judge_paragraph(repeated("the", 8) + repeated("houses", 41) + "houses.") ==
        ParagraphVerdict::few_stop_words);

  // 30 characters in 10 words, then 29.
  CHECK(judge_paragraph(repeated("the", 9) + "to.") == ParagraphVerdict::keep);
  CHECK(judge_paragraph(repeated("the", 9) + "a.") == ParagraphVerdict::word_length);
  // 85, then 86.
  CHECK(judge_paragraph(repeated("the", 2) + repeated("necessary", 7) + "characteristics.") ==
        ParagraphVerdict::keep);
  CHECK(judge_paragraph(repeated("the", 2) + repeated("necessary", 7) + "characteristicss.") ==
        ParagraphVerdict::word_length);
}

TEST_CASE("a repeated paragraph is kept only the first time in the corpus", "[data]") {
  const auto documents =
      clean({{sentence(1), sentence(2), sentence(1)}, {sentence(2), sentence(3)}});
  REQUIRE(documents.size() == 2);
  CHECK(documents[0].text == sentence(1) + "\n" + sentence(2));
  CHECK(documents[1].text == sentence(3));
}

TEST_CASE("a long text is cut at paragraph ends into at most 1500 words", "[data]") {
  std::vector<std::string> paragraphs;
  for (int i = 0; i < 40; ++i) paragraphs.push_back(sentence(i, 100));
  const auto documents = clean({paragraphs});
  REQUIRE(documents.size() == 3);
  CHECK(documents[0].id == "0");
  CHECK(documents[1].id == "0");
  CHECK(documents[1].piece == 1);
  int64_t words = 0;
  for (const Document& document : documents) {
    CHECK(count_words(document.text) <= 1500);
    words += count_words(document.text);
  }
  CHECK(words == 4000);
  CHECK(count_words(documents[0].text) == 1500);

  // Too little before the cut: the short beginning stays with the long paragraph.
  const auto uneven = clean({{sentence(100, 200), sentence(101, 1450)}});
  REQUIRE(uneven.size() == 1);
  CHECK(count_words(uneven[0].text) == 1650);
}

TEST_CASE("documents below the minimum are dropped and counted", "[data]") {
  int64_t kept = 0;
  Cleaner cleaner([&](Document&&) { ++kept; });
  cleaner.add("p", "short", {sentence(1, 12)}, 15);
  cleaner.add("p", "long", {sentence(2, 12), sentence(3, 12), "Not a sentence"}, 15);
  CHECK(kept == 1);
  CHECK(cleaner.dropped().at("documents: too short") == 1);
  CHECK(cleaner.dropped().at("paragraphs: too few words") == 1);
}

TEST_CASE("blank lines separate the paragraphs of a plain text and line ends do not", "[data]") {
  CHECK(text_paragraphs("One\nline.\r\n\r\n \n Two  lines\nmore.\n\n\n") ==
        std::vector<std::string>{"One line.", "Two lines more."});
  CHECK(text_paragraphs("caf\xE9") == std::vector<std::string>{"caf\u00E9"});
  CHECK(text_paragraphs(" \n\n").empty());
}
