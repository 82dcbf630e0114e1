#include "measure/choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "measure/stats.hpp"

namespace repro::measure {
namespace {

double score(const ScoredItem& item, size_t choice, Normalised normalised) {
  switch (normalised) {
    case Normalised::none:
      return item.log_likelihoods[choice];
    case Normalised::by_characters:
      return item.log_likelihoods[choice] / static_cast<double>(item.characters[choice]);
    case Normalised::by_bytes:
      return item.log_likelihoods[choice] / static_cast<double>(item.bytes[choice]);
  }
  return 0;
}

void count(std::vector<int64_t>& counts, int64_t index) {
  const auto at = static_cast<size_t>(index);
  if (counts.size() <= at) counts.resize(at + 1);
  ++counts[at];
}

}  // namespace

std::string name(Normalised normalised) {
  if (normalised == Normalised::none) return "acc";
  return normalised == Normalised::by_characters ? "acc_norm" : "acc_bytes";
}

int64_t predicted(const ScoredItem& item, Normalised normalised) {
  size_t best = 0;
  for (size_t choice = 1; choice < item.log_likelihoods.size(); ++choice)
    if (score(item, choice, normalised) > score(item, best, normalised)) best = choice;
  return static_cast<int64_t>(best);
}

Accuracy accuracy(std::span<const ScoredItem> items, Normalised normalised) {
  check(!items.empty(), "an accuracy is of at least one item");
  Accuracy result;
  result.items = static_cast<int64_t>(items.size());
  for (const ScoredItem& item : items) {
    const int64_t chosen = predicted(item, normalised);
    count(result.predictions, chosen);
    result.correct += chosen == item.gold;
  }
  const auto n = static_cast<double>(result.items);
  result.value = static_cast<double>(result.correct) / n;
  if (result.items > 1)
    result.standard_error = std::sqrt(result.value * (1 - result.value) / (n - 1));
  return result;
}

Ignorance ignorance(std::span<const ScoredItem> items) {
  check(!items.empty(), "ignorance is of at least one item");
  std::vector<int64_t> gold;
  Ignorance result;
  const auto n = static_cast<double>(items.size());
  for (const ScoredItem& item : items) {
    count(gold, item.gold);
    result.chance += 1 / static_cast<double>(item.log_likelihoods.size());
  }
  result.chance /= n;
  const auto most = std::max_element(gold.begin(), gold.end());
  result.constant_index = most - gold.begin();
  result.constant = static_cast<double>(*most) / n;
  return result;
}

namespace {

constexpr double kErrors = 2;

bool is_near(const Accuracy& accuracy, double level) {
  return std::abs(accuracy.value - level) <= kErrors * accuracy.standard_error;
}

size_t most_predicted(const Accuracy& accuracy) {
  const auto& predictions = accuracy.predictions;
  return static_cast<size_t>(std::max_element(predictions.begin(), predictions.end()) -
                             predictions.begin());
}

double share_of(const Accuracy& accuracy, size_t index) {
  return static_cast<double>(accuracy.predictions[index]) / static_cast<double>(accuracy.items);
}

}  // namespace

bool is_one_answer(const Accuracy& accuracy) {
  constexpr double kNearlyAll = 0.9;
  return share_of(accuracy, most_predicted(accuracy)) > kNearlyAll;
}

bool is_blind(const Accuracy& accuracy, const Ignorance& ignorance) {
  const double best_constant = ignorance.constant + kErrors * accuracy.standard_error;
  return is_near(accuracy, ignorance.chance) || is_near(accuracy, ignorance.constant) ||
         (is_one_answer(accuracy) && accuracy.value <= best_constant);
}

std::vector<std::string> doubts(const Accuracy& accuracy, const Ignorance& ignorance) {
  std::vector<std::string> found;
  if (is_near(accuracy, ignorance.chance))
    found.push_back(fmt::format("within noise of chance ({:.1f} %)", 100 * ignorance.chance));
  if (is_near(accuracy, ignorance.constant))
    found.push_back(fmt::format("within noise of always answering {} ({:.1f} %)",
                                ignorance.constant_index, 100 * ignorance.constant));
  const size_t most = most_predicted(accuracy);
  if (is_one_answer(accuracy))
    found.push_back(
        fmt::format("{:.0f} % of its answers are {}", 100 * share_of(accuracy, most), most));
  return found;
}

int64_t items_to_see(double difference, double differing, double power) {
  check(difference > 0 && difference <= differing && differing <= 1,
        "a difference is at most the share of pairs that differ");
  const double error = normal_quantile(0.975) * std::sqrt(differing);
  const double effect = normal_quantile(power) * std::sqrt(differing - difference * difference);
  return static_cast<int64_t>(std::ceil(std::pow((error + effect) / difference, 2)));
}

}  // namespace repro::measure
