#include "eval/choices.hpp"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/unicode.hpp"

namespace repro::eval {
namespace {

// What is read at one time, and which of its predictions each request wants.
struct Row {
  const std::vector<int32_t>* tokens = nullptr;
  struct Wanted {
    size_t request;
    int64_t place;  // column of the token before
    int32_t target;
  };
  std::vector<Wanted> wanted;
};

using Rows = std::map<std::vector<int32_t>, std::vector<Row::Wanted>>;

// The tokens that are read for a request: the last `window` of context and continuation, but for
// the very last, which is only predicted.
void add_request(const ChoiceRequest& request, size_t index, int64_t window, Rows& rows,
                 ChoiceScore& score) {
  std::vector<int32_t> tokens = request.context;
  tokens.insert(tokens.end(), request.continuation.begin(), request.continuation.end());
  const auto all = static_cast<int64_t>(tokens.size());
  const int64_t left_out = std::max<int64_t>(0, all - (window + 1));
  const auto own = static_cast<int64_t>(request.continuation.size());
  if (own > window)
    throw Error("a continuation of {} tokens does not fit the window of {}; give a longer --window",
                own, window);
  std::vector<int32_t> read(tokens.begin() + left_out, tokens.end() - 1);
  const auto read_count = static_cast<int64_t>(read.size());
  auto& wanted = rows[std::move(read)];
  for (int64_t i = 0; i < own; ++i)
    wanted.push_back({index, read_count - own + i, request.continuation[static_cast<size_t>(i)]});
  score.tokens = own;
  score.read = read_count;
  score.greedy = true;
  score.truncated = left_out > 0;
}

void score_rows(model::Transformer& model, const std::vector<Row>& rows, size_t first, size_t count,
                std::vector<ChoiceScore>& scores) {
  size_t longest = 0;
  for (size_t r = first; r < first + count; ++r)
    longest = std::max(longest, rows[r].tokens->size());
  at::Tensor tokens_BT =
      at::full({static_cast<int64_t>(count), static_cast<int64_t>(longest)}, 0, at::kLong);
  std::vector<int64_t> places, targets;
  for (size_t r = 0; r < count; ++r) {
    const Row& row = rows[first + r];
    std::copy(row.tokens->begin(), row.tokens->end(), tokens_BT.data_ptr<int64_t>() + r * longest);
    for (const Row::Wanted& one : row.wanted) {
      places.push_back(static_cast<int64_t>(r * longest) + one.place);
      targets.push_back(one.target);
    }
  }
  const auto on_device = [&](const at::Tensor& tensor) {
    return tensor.to(model.options().device);
  };
  const at::Tensor found =
      model.score(on_device(tokens_BT), on_device(at::tensor(places, at::kLong)),
                  on_device(at::tensor(targets, at::kLong)));
  const double* at = found.data_ptr<double>();
  for (size_t r = first; r < first + count; ++r)
    for (const Row::Wanted& one : rows[r].wanted) {
      scores[one.request].log_likelihood -= *at++;
      scores[one.request].greedy &= *at++ == 1;
    }
}

}  // namespace

ChoiceRequest make_request(data::Tokenizer& tokenizer, const std::string& context,
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
  if (request.context.empty()) request.context = {tokenizer.end_of_text()};
  if (request.continuation.empty())
    throw Error("the continuation '{}' gives no token of its own after '{}'", continuation,
                before.substr(before.size() - std::min<size_t>(before.size(), 20)));
  return request;
}

std::vector<ChoiceScore> score_choices(model::Transformer& model,
                                       const std::vector<ChoiceRequest>& requests, int64_t window,
                                       int64_t batch,
                                       const std::function<void(size_t, size_t)>& done) {
  check(window > 0 && batch > 0, "a window and a batch");
  std::vector<ChoiceScore> scores(requests.size());
  Rows unique;
  for (size_t i = 0; i < requests.size(); ++i)
    add_request(requests[i], i, window, unique, scores[i]);
  std::vector<Row> rows;
  for (const auto& [tokens, wanted] : unique) rows.push_back({&tokens, wanted});
  // The longest first: what is to come is never slower than what was.
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.tokens->size() > b.tokens->size(); });
  for (size_t first = 0; first < rows.size(); first += static_cast<size_t>(batch)) {
    const size_t count = std::min(static_cast<size_t>(batch), rows.size() - first);
    score_rows(model, rows, first, count, scores);
    done(first + count, rows.size());
  }
  return scores;
}

}  // namespace repro::eval
