#include "data/text/overlap.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "base/unicode.hpp"
#include "data/text/paragraph_filter.hpp"

namespace repro::data {
namespace {

using nlohmann::json;

constexpr int64_t kMeasuredWords = 2'000'000;  // of a split
constexpr uint64_t kPrime = 0x100000001b3;     // FNV-1a's
constexpr uint64_t kBasis = 0xcbf29ce484222325;
constexpr uint64_t kRunBase = 0x9e3779b97f4a7c15;  // odd, so that no power of it vanishes

bool is_digit(char32_t code) { return code >= '0' && code <= '9'; }

// FNV-1a over a word's letters and digits, lower-cased if ASCII; 0 = it has none.
uint64_t word_hash(std::string_view word) {
  uint64_t hash = kBasis;
  bool empty = true;
  for (size_t at = 0; at < word.size();) {
    char32_t code = next_code_point(word, at);
    if (!is_digit(code) && !is_letter(code)) continue;
    if (code >= 'A' && code <= 'Z') code |= 0x20;
    hash = (hash ^ code) * kPrime;
    empty = false;
  }
  return empty ? 0 : hash;
}

void append_word_hashes(std::string_view text, std::vector<uint64_t>& hashes) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n\t\r"), text.size());
    if (const uint64_t hash = word_hash(text.substr(0, end)); hash != 0) hashes.push_back(hash);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::vector<uint64_t> word_hashes(std::string_view text) {
  std::vector<uint64_t> hashes;
  append_word_hashes(text, hashes);
  return hashes;
}

uint64_t mixed(uint64_t hash) {
  hash = (hash ^ hash >> 32) * kRunBase;
  return hash ^ hash >> 29;
}

// Calls visit(first word, hash) for each run of words: a polynomial of the words' hashes, which
// takes one step a word.
template <typename Visit>
void for_each_run(const std::vector<uint64_t>& words, const Visit& visit) {
  uint64_t leaving = 1;  // kRunBase to the power of kOverlapRun
  for (size_t i = 0; i < kOverlapRun; ++i) leaving *= kRunBase;
  uint64_t hash = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    hash = hash * kRunBase + mixed(words[i]);
    if (i >= kOverlapRun) hash -= leaving * mixed(words[i - kOverlapRun]);
    if (i + 1 >= kOverlapRun) visit(i + 1 - kOverlapRun, mixed(hash));
  }
}

}  // namespace

void TrainRuns::expect(std::string_view unseen) {
  for_each_run(word_hashes(unseen), [&](size_t, uint64_t run) { runs_.emplace(run, false); });
}

void TrainRuns::see(std::string_view train) {
  for_each_run(word_hashes(train), [&](size_t, uint64_t run) {
    if (const auto found = runs_.find(run); found != runs_.end()) found->second = true;
  });
}

std::vector<bool> TrainRuns::seen_words(const std::vector<uint64_t>& words) const {
  std::vector<bool> seen(words.size(), false);
  for_each_run(words, [&](size_t first, uint64_t run) {
    const auto found = runs_.find(run);
    if (found == runs_.end() || !found->second) return;
    std::fill_n(seen.begin() + static_cast<std::ptrdiff_t>(first), kOverlapRun, true);
  });
  return seen;
}

Overlap TrainRuns::overlap(std::string_view unseen) const {
  const std::vector<bool> seen = seen_words(word_hashes(unseen));
  return {static_cast<int64_t>(seen.size()), std::count(seen.begin(), seen.end(), true)};
}

std::string TrainRuns::unseen_paragraphs(std::string_view unseen) const {
  const std::vector<bool> seen = seen_words(word_hashes(unseen));
  std::string kept;
  auto begin = seen.begin();
  for (const std::string& paragraph : split(unseen, '\n')) {
    const auto end = begin + static_cast<std::ptrdiff_t>(word_hashes(paragraph).size());
    if (std::find(begin, end, true) == end) {
      if (!kept.empty()) kept += '\n';
      kept += paragraph;
    }
    begin = end;
  }
  return kept;
}

void drop_seen(std::vector<Document>& documents, int64_t minimum_words,
               std::map<std::string, int64_t>& dropped) {
  TrainRuns runs;
  for (const Document& document : documents)
    if (document.split != "train") runs.expect(document.text);
  for (const Document& document : documents)
    if (document.split == "train") runs.see(document.text);
  std::erase_if(documents, [&](Document& document) {
    if (document.split == "train") return false;
    std::string kept = runs.unseen_paragraphs(document.text);
    if (kept.size() == document.text.size()) return false;
    dropped["paragraphs: held out, seen in train"] += static_cast<int64_t>(
        split(document.text, '\n').size() - (kept.empty() ? 0 : split(kept, '\n').size()));
    document.text = std::move(kept);
    const bool too_short = count_words(document.text) < std::max(minimum_words, int64_t{1});
    if (too_short) ++dropped["documents: held out, seen in train"];
    return too_short;
  });
}

std::map<std::string, Overlap> measure_overlap(const std::filesystem::path& documents) {
  TrainRuns runs;
  std::map<std::string, int64_t> words;
  std::vector<Document> unseen;
  for_each_document(documents, [&](const Document& document) {
    if (document.split == "train" || words[document.split] >= kMeasuredWords) return true;
    words[document.split] += count_words(document.text);
    runs.expect(document.text);
    unseen.push_back(document);
    return true;
  });
  for_each_document(documents, [&](const Document& document) {
    if (document.split == "train") runs.see(document.text);
    return true;
  });
  std::map<std::string, Overlap> overlaps;
  for (const Document& document : unseen) {
    const Overlap more = runs.overlap(document.text);
    Overlap& overlap = overlaps[document.split];
    overlap.words += more.words;
    overlap.seen += more.seen;
  }
  return overlaps;
}

void to_json(json& object, const Overlap& overlap) {
  object = {{"words", overlap.words}, {"seen", overlap.seen}, {"share", overlap.share()}};
}

void from_json(const json& object, Overlap& overlap) {
  object.at("words").get_to(overlap.words);
  object.at("seen").get_to(overlap.seen);
}

}  // namespace repro::data
