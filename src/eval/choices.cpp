#include "eval/choices.hpp"

#include <ATen/ops/tensor.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/unicode.hpp"
#include "eval/shared_lines.hpp"

namespace repro::eval {
namespace {

struct Wanted {
  size_t request;
  int64_t place;  // in the line, of the token before
  int32_t target;
};

// What is read, in lexicographical order, and which of its predictions are wanted: neighbours share
// their beginnings.
using Lines = std::map<Line, std::vector<Wanted>>;

// The tokens that are read for a request: the last `window` of context and continuation, but for
// the very last, which is only predicted. A continuation that is longer comes in pieces of half a
// window, each behind what fits of what stands before it.
void add_request(const ChoiceRequest& request, size_t index, int64_t window, Lines& lines,
                 ChoiceScore& score) {
  Line tokens = request.context;
  tokens.insert(tokens.end(), request.continuation.begin(), request.continuation.end());
  const auto context = static_cast<int64_t>(request.context.size());
  const auto own = static_cast<int64_t>(request.continuation.size());
  const int64_t piece = own <= window ? own : std::max<int64_t>(1, window / 2);
  for (int64_t first = 0; first < own; first += piece) {
    const int64_t last = std::min(first + piece, own);
    const int64_t begin = std::max<int64_t>(0, context + last - (window + 1));
    Line read(tokens.begin() + begin, tokens.begin() + context + last - 1);
    score.read = std::max(score.read, static_cast<int64_t>(read.size()));
    score.truncated |= begin > 0;
    auto& wanted = lines[std::move(read)];
    for (int64_t i = first; i < last; ++i)
      wanted.push_back(
          {index, context + i - 1 - begin, request.continuation[static_cast<size_t>(i)]});
  }
  score.tokens = own;
  score.greedy = true;
}

// Lines that are read together.
using Batch = std::vector<Lines::const_iterator>;

// From `next` on as many lines as hold `tokens` tokens, shared ones counted once, and one at least;
// `next` becomes the line after them.
Batch take_batch(const Lines& lines, Lines::const_iterator& next, int64_t tokens) {
  Batch batch;
  for (int64_t held = 0; next != lines.end(); ++next) {
    const int64_t shared = batch.empty() ? 0 : common_beginning(batch.back()->first, next->first);
    held += static_cast<int64_t>(next->first.size()) - shared;
    if (!batch.empty() && held > tokens) break;
    batch.push_back(next);
  }
  return batch;
}

// LibTorch multiplies a single row by another sum than several: a line that nobody asked for keeps
// a short one from being alone.
void pad_rows(SharedLines& shared) {
  constexpr size_t kFewest = 8;
  const size_t rows = shared.tokens.size();
  if (rows >= kFewest) return;
  shared.segments.push_back(
      {.first = static_cast<int64_t>(rows), .count = static_cast<int64_t>(kFewest - rows)});
  shared.tokens.resize(kFewest, 0);
}

void score_batch(model::Transformer& model, const Batch& batch, std::vector<ChoiceScore>& scores) {
  std::vector<const Line*> lines;
  for (const auto& each : batch) lines.push_back(&each->first);
  SharedLines shared = share_beginnings(lines);
  pad_rows(shared);
  std::vector<int64_t> places, targets;
  for (size_t l = 0; l < batch.size(); ++l)
    for (const Wanted& one : batch[l]->second) {
      places.push_back(shared.row(l, one.place));
      targets.push_back(one.target);
    }
  const auto on_device = [&](const at::Tensor& tensor) {
    return tensor.to(model.options().device);
  };
  const at::Tensor found = model.score(on_device(at::tensor(shared.tokens, at::kLong)),
                                       shared.segments, on_device(at::tensor(places, at::kLong)),
                                       on_device(at::tensor(targets, at::kLong)));
  const double* at = found.data_ptr<double>();
  for (const auto& each : batch)
    for (const Wanted& one : each->second) {
      scores[one.request].log_likelihood -= *at++;
      scores[one.request].greedy &= *at++ == 1;
    }
}

}  // namespace

ChoiceRequest make_request(data::Encoder& tokenizer, const std::string& context,
                           const std::string& continuation) {
  const std::string_view kept = stripped(context);
  const size_t end =
      kept.empty() ? 0 : static_cast<size_t>(kept.data() - context.data()) + kept.size();
  const std::string before = context.substr(0, end);
  const std::string after = context.substr(end) + continuation;
  ChoiceRequest request;
  std::vector<int32_t> whole;
  tokenizer.encode(before, request.context);
  tokenizer.encode(before + after, whole);
  const size_t cut = std::min(request.context.size(), whole.size());
  request.continuation.assign(whole.begin() + static_cast<std::ptrdiff_t>(cut), whole.end());
  request.context.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
  if (request.context.empty()) request.context = {tokenizer.before_text()};
  if (request.continuation.empty())
    throw Error("the continuation '{}' gives no token of its own after '{}'", continuation,
                before.substr(before.size() - std::min<size_t>(before.size(), 20)));
  return request;
}

std::vector<ChoiceScore> score_choices(model::Transformer& model,
                                       const std::vector<ChoiceRequest>& requests, int64_t window,
                                       int64_t batch_tokens,
                                       const std::function<void(size_t, size_t)>& done) {
  check(window > 0 && batch_tokens > 0, "a window and a batch");
  std::vector<ChoiceScore> scores(requests.size());
  Lines lines;
  for (size_t i = 0; i < requests.size(); ++i)
    add_request(requests[i], i, window, lines, scores[i]);
  size_t read = 0;
  for (auto next = lines.cbegin(); next != lines.cend();) {
    const Batch batch = take_batch(lines, next, batch_tokens);
    score_batch(model, batch, scores);
    read += batch.size();
    done(read, lines.size());
  }
  return scores;
}

}  // namespace repro::eval
