#pragma once
// Accuracy on a downstream task of multiple choice, and what a model would have that knows nothing:
// without these a score of 26 % reads like knowledge.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace repro::measure {

// One item as it was scored.
struct ScoredItem {
  int64_t gold = 0;
  std::vector<double> log_likelihoods;  // of each choice, nats
  std::vector<int64_t> characters;      // code points of each choice, without the blank before it
  std::vector<int64_t> bytes;           // likewise, of UTF-8
};

// What a choice's log-likelihood is divided by: lm-evaluation-harness's acc, acc_norm, acc_bytes.
enum class Normalised { none, by_characters, by_bytes };
std::string name(Normalised normalised);

// The likeliest choice; the first of equals.
int64_t predicted(const ScoredItem& item, Normalised normalised);

struct Accuracy {
  int64_t items = 0;
  int64_t correct = 0;
  double value = 0;           // share
  double standard_error = 0;  // sample deviation / sqrt(items), as the harness's; 0 of one item
  std::vector<int64_t> predictions;  // how often each index was predicted
};
// Of at least one item.
Accuracy accuracy(std::span<const ScoredItem> items, Normalised normalised);

// Of the items' right ones: always the same index (the best of them), and a blind draw.
struct Ignorance {
  double constant = 0;         // share of the most frequent right index
  int64_t constant_index = 0;  // it
  double chance = 0;           // mean of 1 / choices
};
Ignorance ignorance(std::span<const ScoredItem> items);

// Are more than nine predictions of ten the same index?
bool is_one_answer(const Accuracy& accuracy);

// Does the score lie within two standard errors of chance or of the constant predictor, or is
// nearly every answer the same index and the score no better than the constant predictor's? Then it
// shows no knowledge of the task: always answering A scores 22.9 % on MMLU, clear of chance.
bool is_blind(const Accuracy& accuracy, const Ignorance& ignorance);

// Doubts about a score, one clause each, none when there are none: it lies within two standard
// errors of chance or of the constant predictor, or is of one answer.
std::vector<std::string> doubts(const Accuracy& accuracy, const Ignorance& ignorance);

// Items that tell a difference of `difference` in paired accuracy from noise, two-sided at 95 %
// with this power: pairs of which a share `differing` is answered unlike (Connor 1987).
int64_t items_to_see(double difference, double differing, double power = 0.8);

}  // namespace repro::measure
