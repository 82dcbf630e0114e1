#include "data/tasks/corpus_rows.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "data/prepare.hpp"
#include "data/quietly.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "data/tokens/tokenizer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using nlohmann::ordered_json;

namespace {

const std::vector<std::string> kNouns = {"river",  "mountain", "winter", "sailor", "harbour",
                                         "castle", "meadow",   "garden", "window", "candle"};

// Sentences of seven words; the document's own number stands in each, so that none is twice there.
std::string document(uint64_t number, int sentences) {
  std::string text;
  for (int s = 0; s < sentences; ++s) {
    text += fmt::format("{}Then no {}-{}", s == 0 ? "" : s % 4 == 0 ? "\n" : " ", number, s);
    for (uint64_t i = 0; i < 4; ++i)
      text += " " + kNouns[random_bits(number, static_cast<uint64_t>(s), i) % kNouns.size()];
    text += ".";
  }
  return text;
}

std::vector<std::string> documents(size_t count, int sentences = 20) {
  std::vector<std::string> all;
  for (uint64_t number = 0; number < count; ++number) all.push_back(document(number, sentences));
  return all;
}

config::TaskMaking making() {
  config::TaskMaking making;
  making.items = 40;
  making.context_words = 12;
  making.choice_words = 7;
  return making;
}

size_t document_of(const ordered_json& row) { return row.at("document").get<size_t>(); }

std::string choice(const ordered_json& row, size_t index) { return row.at("choices").at(index); }

std::string right(const ordered_json& row) { return choice(row, row.at("gold").get<size_t>()); }

size_t words_in(const std::string& text) {
  std::string flat = text;
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  return split(flat, ' ').size();
}

}  // namespace

TEST_CASE("the next passage follows its context in the text, the others stand in other documents",
          "[data]") {
  const auto texts = documents(30);
  const auto rows = data::next_passages(texts, making());
  REQUIRE(rows.size() == 40);
  for (const ordered_json& row : rows) {
    const std::string& own = texts[document_of(row)];
    CHECK(own.find(row.at("context").get<std::string>() + " " + right(row)) != std::string::npos);
    CHECK(words_in(row.at("context")) <= 12);
    CHECK(words_in(row.at("context")) >= 8);
    CHECK(row.at("choices").size() == 4);
    for (size_t i = 0; i < 4; ++i) {
      CHECK(choice(row, i).starts_with("Then"));  // all begin a sentence
      CHECK(words_in(choice(row, i)) == 7);
      if (i != row.at("gold").get<size_t>()) CHECK(own.find(choice(row, i)) == std::string::npos);
    }
  }
}

TEST_CASE("of one document no two passages that are asked for overlap", "[data]") {
  config::TaskMaking all = making();
  all.items = 100000;
  std::map<size_t, std::vector<int64_t>> places;
  for (const ordered_json& row : data::next_passages(documents(12), all))
    places[document_of(row)].push_back(row.at("word"));
  CHECK(places.size() == 12);
  for (const auto& [number, words] : places)
    for (size_t i = 1; i < words.size(); ++i) CHECK(words[i] >= words[i - 1] + 7);
}

TEST_CASE("the other word is as frequent as the first of the choice, and all else is the same",
          "[data]") {
  std::vector<std::string> texts = documents(30);
  // Two rare words: neither may stand for a frequent one.
  texts[3] += " Then no one meadow rareword seldom garden window candle castle winter.";
  std::map<std::string, int> counts;
  for (const std::string& text : texts) {
    std::string flat = text;
    std::replace(flat.begin(), flat.end(), '\n', ' ');
    for (const std::string& word : split(flat, ' ')) ++counts[word];
  }
  config::TaskMaking all = making();
  all.items = 100000;
  const auto rows = data::other_words(texts, all);
  REQUIRE(rows.size() > 100);
  for (const ordered_json& row : rows) {
    CHECK(row.at("choices").size() == 2);
    const std::string wrong = choice(row, 1 - row.at("gold").get<size_t>());
    CHECK(texts[document_of(row)].find(row.at("context").get<std::string>() + " " + right(row)) !=
          std::string::npos);
    const std::string word = split(right(row), ' ')[0], other = split(wrong, ' ')[0];
    CHECK(word != other);
    CHECK(right(row).substr(word.size()) == wrong.substr(other.size()));
    CHECK(std::floor(std::log2(counts.at(word))) == std::floor(std::log2(counts.at(other))));
  }
}

TEST_CASE("items are the same again, others with another seed, and their right ones lie anywhere",
          "[data]") {
  const auto texts = documents(40);
  config::TaskMaking other = making();
  other.seed = 1;
  for (const auto make : {data::next_passages, data::other_words}) {
    const auto rows = make(texts, making());
    CHECK(rows == make(texts, making()));
    CHECK(rows != make(texts, other));
    std::map<int64_t, int> gold;
    for (const ordered_json& row : rows) ++gold[row.at("gold").get<int64_t>()];
    CHECK(gold.size() == rows[0].at("choices").size());
    for (const auto& [index, count] : gold) CHECK(count < 30);  // of 40
  }
}

TEST_CASE("fewer items are spread over the whole split, and a document stands in one block",
          "[data]") {
  const auto texts = documents(64);
  std::set<std::string> blocks;
  std::map<size_t, std::string> of_document;
  for (const ordered_json& row : data::next_passages(texts, making())) {
    const std::string block = row.at("block");
    blocks.insert(block);
    CHECK(of_document.try_emplace(document_of(row), block).first->second == block);
  }
  CHECK(blocks.size() > 15);
  CHECK(of_document.size() > 20);
}

TEST_CASE("a text without sentences, or alone, gives no next passage", "[data]") {
  CHECK(data::next_passages(documents(1), making()).empty());
  std::vector<std::string> endless = documents(5);
  for (std::string& text : endless) std::erase(text, '.');
  CHECK(data::next_passages(endless, making()).empty());
  CHECK(data::other_words({}, making()).empty());
}

namespace {

// A prepared corpus whose splits hold different words.
void prepare(const fs::path& folder, const std::vector<std::string>& test) {
  const std::string train = document(1000, 400);
  data::WordCounts words;
  words.add(train);
  for (const std::string& text : test) words.add(text);
  write_file_atomically(data::tokenizer_path(folder), data::train_tokenizer(words, 300));
  data::Tokenizer tokenizer(data::tokenizer_path(folder));
  const auto write = [&](const std::string& split, const std::vector<std::string>& texts) {
    data::TokenShardsWriter writer(data::shard_path(folder, split), tokenizer.piece_bytes(),
                                   tokenizer.sha256());
    for (const std::string& text : texts) {
      std::vector<int32_t> tokens;
      tokenizer.encode(text, tokens);
      tokens.push_back(tokenizer.end_of_text());
      writer.add_document(tokens, static_cast<int64_t>(text.size()));
    }
    writer.finish();
  };
  write("train", {train});
  write("valid", {train});
  write("test", test);
}

config::Task made_task(const std::string& name) {
  config::Task task;
  task.name = name;
  task.source.kind = "corpus";
  task.source.name = name;
  task.made = making();
  task.part = "{block}";
  task.context = "{context}";
  task.choices_from = "choices";
  task.gold = "{gold}";
  return task;
}

}  // namespace

TEST_CASE("a task made of a corpus holds text of the test split alone, as it was written",
          "[data]") {
  const TemporaryDirectory folder;
  const auto texts = documents(30);
  prepare(folder.path(), texts);
  for (const char* name : {"next_passage", "other_word"}) {
    const data::TaskItems made = data::make_task(made_task(name), folder.path());
    CHECK(made.items.size() == 40);
    CHECK(made.fingerprint == data::make_task(made_task(name), folder.path()).fingerprint);
    for (const data::TaskItem& item : made.items) {
      const std::string whole =
          item.context + item.continuation(static_cast<size_t>(item.gold), " ");
      CHECK(std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
        return text.find(whole) != std::string::npos;
      }));
      CHECK(item.part.starts_with("block"));
    }
  }
}

TEST_CASE("a corpus too small for a task is refused in one line that says what it needs",
          "[data]") {
  const TemporaryDirectory folder;
  prepare(folder.path(), {document(1, 20)});
  CHECK_THROWS_WITH(
      data::make_task(made_task("next_passage"), folder.path()),
      Catch::StartsWith("task 'next_passage': ") &&
          Catch::Contains("its documents give no item: each needs 8 words before a choice of 7"));
}
