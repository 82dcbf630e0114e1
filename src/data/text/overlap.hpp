#pragma once
// How much of the held-out text a model has seen word for word in train. A word counts as seen when
// it stands in a run of 13 words that also occurs in train (Brown et al. 2020, appendix C). Words
// are compared lower-cased and without punctuation; a run may cross paragraphs, never documents.
// Runs are compared by 64-bit hashes: a false match is some 1e-7 likely in a whole corpus.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/text/document.hpp"

namespace repro::data {

constexpr size_t kOverlapRun = 13;  // words

struct Overlap {
  int64_t words = 0;  // looked up
  int64_t seen = 0;   // of these, in a run that train holds
  double share() const {
    return words > 0 ? static_cast<double>(seen) / static_cast<double>(words) : 0;
  }
};

// Looks the runs of held-out texts up in train texts, of which it keeps nothing: its memory grows
// with the held-out words, about 50 bytes each. All expect() first, then all see(), then the rest.
class TrainRuns {
 public:
  void expect(std::string_view unseen);
  void see(std::string_view train);

  Overlap overlap(std::string_view unseen) const;
  // The paragraphs without a seen word, joined by newlines.
  std::string unseen_paragraphs(std::string_view unseen) const;

 private:
  std::vector<bool> seen_words(const std::vector<uint64_t>& words) const;

  std::unordered_map<uint64_t, bool> runs_;  // hash of a held-out run -> whether train holds it
};

// Takes the paragraphs with seen words out of the held-out documents, and documents that fall below
// `minimum_words` altogether; counts both in `dropped`.
void drop_seen(std::vector<Document>& documents, int64_t minimum_words,
               std::map<std::string, int64_t>& dropped);

// "valid" and "test" of a file of documents, as far as there are any: their first 2 million words.
std::map<std::string, Overlap> measure_overlap(const std::filesystem::path& documents);

void to_json(nlohmann::json& json, const Overlap& overlap);
void from_json(const nlohmann::json& json, Overlap& overlap);

}  // namespace repro::data
