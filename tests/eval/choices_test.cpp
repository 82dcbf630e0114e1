#include "eval/choices.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "eval/by_logits.hpp"
#include "eval/shared_lines.hpp"

using namespace repro;
using namespace repro::eval;

namespace {

constexpr int32_t kVocabulary = 50;

config::ModelConfig model_config(config::Select select) {
  config::ModelConfig config;
  config.vocabulary = kVocabulary;
  config.width = 48;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_width = 12;
  config.experts = select == config::Select::none ? 1 : 4;
  config.top_k = select == config::Select::none ? 1 : 2;
  config.expert_width = 40;
  config.shared_width = 0;
  config.qkv_bias = true;
  config.router.select = select;
  return config;
}

uint64_t below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t count) {
  return random_bits(seed, stream, index) % count;
}

// Tokens drawn for `seed`, each of a few values, so that beginnings are often alike.
Line line(uint64_t seed, int64_t length, int32_t values = kVocabulary) {
  Line tokens;
  for (int64_t i = 0; i < length; ++i)
    tokens.push_back(static_cast<int32_t>(
        below(seed, 1, static_cast<uint64_t>(i), static_cast<uint64_t>(values))));
  return tokens;
}

Line operator+(Line a, const Line& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Shots, then questions, then choices; a choice that continues another; requests that are alike.
std::vector<ChoiceRequest> requests() {
  std::vector<ChoiceRequest> all;
  for (uint64_t subject = 0; subject < 3; ++subject) {
    const Line shots = line(subject, 20 + 47 * static_cast<int64_t>(subject));
    for (uint64_t item = 0; item < 4; ++item) {
      const Line question = line(100 + 10 * subject + item, 1 + 9 * static_cast<int64_t>(item));
      const Line choice = line(item, 5);
      all.push_back({shots + question, choice});
      all.push_back({shots + question, choice + line(7, 3)});
      all.push_back({shots + question, line(50 + item, 1)});
      all.push_back({shots + question, choice});
    }
  }
  all.push_back({{3}, {4}});
  return all;
}

std::vector<ChoiceScore> scores_of(model::Transformer& model,
                                   const std::vector<ChoiceRequest>& requests, int64_t tokens,
                                   int64_t window = 1000) {
  return score_choices(model, requests, window, tokens, [](size_t, size_t) {});
}

}  // namespace

TEST_CASE("a score's bits do not depend on what else is read, before it or beside it", "[eval]") {
  const auto select = GENERATE(config::Select::none, config::Select::top_k);
  const auto precision = GENERATE(model::Precision::fp32, model::Precision::bf16_mixed);
  model::Transformer model(model_config(select), {.precision = precision});
  model.initialise(3);
  model.values_changed();
  const auto all = requests();
  const auto together = scores_of(model, all, 1 << 20);
  auto turned = all;
  std::reverse(turned.begin(), turned.end());
  const auto backwards = scores_of(model, turned, 150);
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    const ChoiceScore alone = scores_of(model, {all[i]}, 1)[0];
    CHECK(together[i].log_likelihood == alone.log_likelihood);
    CHECK(together[i].greedy == alone.greedy);
    CHECK(together[i].read == alone.read);
    CHECK(backwards[all.size() - 1 - i].log_likelihood == alone.log_likelihood);
  }
}

TEST_CASE("shared beginnings give what the whole logits give", "[eval]") {
  const bool fused = GENERATE(true, false);
  model::Transformer model(model_config(config::Select::top_k), {.fused = fused});
  model.initialise(5);
  model.values_changed();
  const auto all = requests();
  const auto scores = scores_of(model, all, 1 << 20);
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(fused, i);
    CHECK(scores[i].log_likelihood == Approx(by_logits(model, all[i])).epsilon(1e-5));
  }
}

TEST_CASE("a continuation longer than the window is scored whole, each token behind what fits",
          "[eval]") {
  model::Transformer model(model_config(config::Select::top_k), {});
  model.initialise(7);
  model.values_changed();
  const ChoiceRequest request{line(1, 5), line(2, 21)};
  const ChoiceScore score = scores_of(model, {request}, 1000, 8)[0];
  double sum = 0;
  const Line whole = request.context + request.continuation;
  for (int64_t first = 0; first < 21; first += 4) {
    const int64_t last = std::min<int64_t>(first + 4, 21),
                  begin = std::max<int64_t>(0, 5 + last - 9);
    sum += by_logits(model, {Line(whole.begin() + begin, whole.begin() + 5 + first),
                             Line(whole.begin() + 5 + first, whole.begin() + 5 + last)});
  }
  CHECK(score.log_likelihood == Approx(sum).epsilon(1e-5));
  CHECK(score.tokens == 21);
  CHECK(score.read == 8);
  CHECK(score.truncated);
}

TEST_CASE("every line is read token by token through its segments", "[eval]") {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<Line> lines;
    for (uint64_t i = 0; i < 12; ++i)
      lines.push_back(line(seed % 3, static_cast<int64_t>(below(seed, 2, i, 60))) +
                      line(seed * 20 + i, 1 + static_cast<int64_t>(below(seed, 3, i, 30)), 3));
    std::sort(lines.begin(), lines.end());
    lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
    std::vector<const Line*> pointers;
    size_t tokens = 0;
    for (const Line& each : lines) {
      pointers.push_back(&each);
      tokens += each.size();
    }
    const SharedLines shared = share_beginnings(pointers);
    model::check_segments(shared.segments, static_cast<int64_t>(shared.tokens.size()));
    CHECK(shared.tokens.size() <= tokens);
    for (size_t l = 0; l < lines.size(); ++l) {
      const auto& last = shared.segments[static_cast<size_t>(shared.last[l])];
      REQUIRE(last.end() == static_cast<int64_t>(lines[l].size()));
      for (size_t i = 0; i < lines[l].size(); ++i)
        REQUIRE(shared.tokens[static_cast<size_t>(shared.row(l, static_cast<int64_t>(i)))] ==
                lines[l][i]);
    }
  }
}

TEST_CASE("what a hundred questions begin with is read once", "[eval]") {
  std::vector<Line> lines;
  for (uint64_t i = 0; i < 100; ++i) lines.push_back(line(1, 500) + line(2 + i, 20));
  std::sort(lines.begin(), lines.end());
  std::vector<const Line*> pointers;
  for (const Line& each : lines) pointers.push_back(&each);
  // The questions' first tokens are at times alike and are then read for each.
  CHECK(share_beginnings(pointers).tokens.size() <= 500 + 100 * 20);
}
