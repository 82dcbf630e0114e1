#include "data/tasks/corpus_rows.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/unicode.hpp"
#include "data/prepare.hpp"
#include "data/tokens/token_shards.hpp"
#include "data/tokens/tokenizer.hpp"

namespace repro::data {
namespace {

using config::TaskMaking;
using nlohmann::ordered_json;

// Streams of what is drawn (base/random.hpp).
constexpr uint64_t kDrawGold = 0x6d61646531, kDrawWrong = 0x6d61646532, kDrawPlace = 0x6d61646533,
                   kDrawItems = 0x6d61646534;
constexpr size_t kWrongPassages = 3;
// More than any number of items needs; a published corpus' test split may be far larger.
constexpr int64_t kMostTextBytes = 64'000'000;

uint64_t draw(const TaskMaking& making, uint64_t stream, uint64_t index, size_t below) {
  return random_bits(static_cast<uint64_t>(making.seed), stream, index) % below;
}

// A document by its words: what stands between blanks and newlines.
struct SpelledText {
  struct Word {
    size_t begin = 0, end = 0;
    bool behind_blank = false;  // a single one: a choice begins behind it
  };
  const std::string* text = nullptr;
  std::vector<Word> words;

  std::string_view word(size_t at) const {
    return std::string_view(*text).substr(words[at].begin, words[at].end - words[at].begin);
  }
  // Words [from, to) as they stand there.
  std::string passage(size_t from, size_t to) const {
    return text->substr(words[from].begin, words[to - 1].end - words[from].begin);
  }
};

SpelledText spell(const std::string& text) {
  SpelledText spelled{&text, {}};
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const bool blank = begin > 0 && text[begin - 1] == ' ';
    if (end > begin) spelled.words.push_back({begin, end, blank});
    begin = end + 1;
  }
  return spelled;
}

std::vector<SpelledText> spell_all(const std::vector<std::string>& documents) {
  std::vector<SpelledText> all;
  for (const std::string& document : documents) all.push_back(spell(document));
  return all;
}

bool ends_sentence(std::string_view word) {
  while (!word.empty() && std::string_view("\"')]").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  return !word.empty() && std::string_view(".!?").find(word.back()) != std::string_view::npos;
}

// Where an item's choices may begin.
struct Place {
  size_t document = 0, word = 0;
};

ordered_json start_row(const TaskMaking& making, const std::vector<SpelledText>& texts,
                       const Place& place) {
  const SpelledText& text = texts[place.document];
  const auto most = static_cast<size_t>(making.context_words);
  const size_t from = place.word > most ? place.word - most : 0;
  const size_t block = place.document * config::kMadeParts / texts.size();
  return {{"document", place.document},
          {"word", place.word},
          {"block", fmt::format("block{:02}", block)},
          {"context", text.passage(from, place.word)}};
}

// The right choice among the wrong ones, at a place that is drawn.
void add_choices(const TaskMaking& making, uint64_t number, std::string right,
                 std::vector<std::string> wrong, ordered_json& row) {
  const uint64_t gold = draw(making, kDrawGold, number, wrong.size() + 1);
  wrong.insert(wrong.begin() + static_cast<std::ptrdiff_t>(gold), std::move(right));
  row["choices"] = std::move(wrong);
  row["gold"] = gold;
}

// Indices of at most `making.items` of so many, spread evenly by chance, in their order.
std::vector<size_t> spread(const TaskMaking& making, size_t all) {
  const Permutation order(std::max<size_t>(all, 1), static_cast<uint64_t>(making.seed), kDrawItems);
  std::vector<size_t> chosen;
  for (size_t i = 0; i < std::min(all, static_cast<size_t>(making.items)); ++i)
    chosen.push_back(order(i));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// Sentences with enough before and behind them; of one document none overlap.
std::vector<Place> sentence_places(const TaskMaking& making,
                                   const std::vector<SpelledText>& texts) {
  const auto length = static_cast<size_t>(making.choice_words);
  std::vector<Place> places;
  for (size_t d = 0; d < texts.size(); ++d) {
    const SpelledText& text = texts[d];
    size_t free_from = config::kLeastContextWords;
    for (size_t at = free_from; at + length <= text.words.size(); ++at) {
      if (at < free_from || !text.words[at].behind_blank || !ends_sentence(text.word(at - 1)))
        continue;
      places.push_back({d, at});
      free_from = at + length;
    }
  }
  return places;
}

// Passages of other documents, all different; fewer where there are too few.
std::vector<std::string> wrong_passages(const TaskMaking& making,
                                        const std::vector<SpelledText>& texts,
                                        const std::vector<Place>& places, size_t number,
                                        const std::string& right) {
  constexpr uint64_t kTries = 64;
  const auto length = static_cast<size_t>(making.choice_words);
  std::vector<std::string> wrong;
  std::vector<size_t> documents = {places[number].document};
  for (uint64_t i = 0; i < kTries && wrong.size() < kWrongPassages; ++i) {
    const Place& other = places[draw(making, kDrawWrong, number * kTries + i, places.size())];
    if (std::count(documents.begin(), documents.end(), other.document) > 0) continue;
    std::string passage = texts[other.document].passage(other.word, other.word + length);
    if (passage == right || std::count(wrong.begin(), wrong.end(), passage) > 0) continue;
    documents.push_back(other.document);
    wrong.push_back(std::move(passage));
  }
  return wrong;
}

// Lower-case words of letters: no name and no beginning of a sentence gives itself away.
bool is_replaceable(std::string_view word) {
  constexpr size_t kLeastLetters = 4;
  size_t letters = 0;
  for (size_t at = 0; at < word.size(); ++letters) {
    const bool upper = word[at] >= 'A' && word[at] <= 'Z';
    if (upper || !is_letter(next_code_point(word, at))) return false;
  }
  return letters >= kLeastLetters;
}

// Words of equal frequency: as often in the split as one another but for a factor of two.
class FrequencyClasses {
 public:
  explicit FrequencyClasses(const std::vector<SpelledText>& texts) {
    for (const SpelledText& text : texts)
      for (size_t at = 0; at < text.words.size(); ++at)
        if (is_replaceable(text.word(at))) ++counts_[text.word(at)];
    for (const auto& [word, count] : counts_) classes_[std::bit_width(count)].push_back(word);
  }

  // Another of the word's class; empty where it is alone there.
  std::optional<std::string> other(const TaskMaking& making, std::string_view word,
                                   uint64_t number) const {
    const auto& alike = classes_.at(std::bit_width(counts_.at(word)));
    if (alike.size() < 2) return std::nullopt;
    // The word's own place stands for the last, so that each other is as likely.
    const size_t drawn = draw(making, kDrawWrong, number, alike.size() - 1);
    return std::string(alike[drawn] == word ? alike.back() : alike[drawn]);
  }

 private:
  std::map<std::string_view, uint64_t> counts_;
  std::map<int, std::vector<std::string_view>> classes_;
};

// One word in each stretch as long as a choice, drawn among those that may be replaced.
std::vector<Place> word_places(const TaskMaking& making, const std::vector<SpelledText>& texts) {
  const auto length = static_cast<size_t>(making.choice_words);
  std::vector<Place> places;
  for (size_t d = 0; d < texts.size(); ++d) {
    const SpelledText& text = texts[d];
    for (size_t from = config::kLeastContextWords; from + length <= text.words.size();) {
      std::vector<size_t> candidates;
      for (size_t at = from; at < from + length && at + length <= text.words.size(); ++at)
        if (text.words[at].behind_blank && is_replaceable(text.word(at))) candidates.push_back(at);
      from += length;
      if (candidates.empty()) continue;
      const uint64_t index = (static_cast<uint64_t>(d) << 32) + from;
      const size_t at = candidates[draw(making, kDrawPlace, index, candidates.size())];
      places.push_back({d, at});
      from = at + length;
    }
  }
  return places;
}

// The documents of the test split, or as many, evenly apart, as are read at all.
std::vector<std::string> test_documents(const std::filesystem::path& prepared) {
  const TokenShards shards(shard_path(prepared, "test"));
  const Tokenizer tokenizer(tokenizer_path(prepared));
  const int64_t stride = 1 + shards.text_bytes() / kMostTextBytes;
  std::vector<std::string> documents;
  std::vector<int32_t> tokens;
  for (int64_t d = 0; d < shards.documents(); d += stride) {
    tokens.resize(static_cast<size_t>(shards.document_end(d) - shards.document_begin(d)));
    shards.read(shards.document_begin(d), tokens);
    documents.push_back(tokenizer.decode(tokens));
  }
  return documents;
}

}  // namespace

std::vector<ordered_json> next_passages(const std::vector<std::string>& documents,
                                        const TaskMaking& making) {
  const std::vector<SpelledText> texts = spell_all(documents);
  const std::vector<Place> places = sentence_places(making, texts);
  std::vector<ordered_json> rows;
  for (const size_t number : spread(making, places.size())) {
    const Place& place = places[number];
    std::string right = texts[place.document].passage(
        place.word, place.word + static_cast<size_t>(making.choice_words));
    std::vector<std::string> wrong = wrong_passages(making, texts, places, number, right);
    if (wrong.size() < kWrongPassages) continue;
    ordered_json row = start_row(making, texts, place);
    add_choices(making, number, std::move(right), std::move(wrong), row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<ordered_json> other_words(const std::vector<std::string>& documents,
                                      const TaskMaking& making) {
  const std::vector<SpelledText> texts = spell_all(documents);
  const FrequencyClasses classes(texts);
  const std::vector<Place> places = word_places(making, texts);
  std::vector<ordered_json> rows;
  for (const size_t number : spread(making, places.size())) {
    const Place& place = places[number];
    const SpelledText& text = texts[place.document];
    const auto other = classes.other(making, text.word(place.word), number);
    if (!other) continue;
    const std::string right =
        text.passage(place.word, place.word + static_cast<size_t>(making.choice_words));
    ordered_json row = start_row(making, texts, place);
    add_choices(making, number, right, {*other + right.substr(text.word(place.word).size())}, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TaskRow> rows_of_corpus(const config::Task& task,
                                    const std::filesystem::path& prepared) {
  const auto make = task.source.name == "next_passage" ? next_passages : other_words;
  const std::string where = prepared.filename().string() + ", test split";
  std::vector<TaskRow> rows;
  for (ordered_json& row : make(test_documents(prepared), task.made))
    rows.push_back({std::move(row), fmt::format("{}, item {}", where, rows.size() + 1)});
  if (rows.empty())
    throw Error(
        "task '{}': {}: its documents give no item: each needs {} words before a choice of {}, and "
        "there must be other documents; use a larger corpus or fewer made.choice_words",
        task.name, where, config::kLeastContextWords, task.made.choice_words);
  return rows;
}

}  // namespace repro::data
