#pragma once
// How likely a model finds continuations of contexts: what downstream tasks of multiple choice are
// scored by. As lm-evaluation-harness asks it: blanks at the context's end belong to the
// continuation, both are tokenised together and cut where the context's own tokens end, and of what
// is longer than the model's window the beginning is left out.
//
// Rows of a batch do not touch one another: scores are the same to the last digit for any batch,
// order, or number of workers.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/tokens/tokenizer.hpp"
#include "model/transformer.hpp"

namespace repro::eval {

struct ChoiceRequest {
  std::vector<int32_t> context;  // an end of text where there is none
  std::vector<int32_t> continuation;
};
// Error when the continuation has no token of its own.
ChoiceRequest make_request(data::Tokenizer& tokenizer, const std::string& context,
                           const std::string& continuation);

struct ChoiceScore {
  double log_likelihood = 0;  // nats, sum over the continuation's tokens
  bool greedy = false;        // each of them was the likeliest
  int64_t tokens = 0;         // of the continuation
  int64_t read = 0;           // tokens that the model read
  bool truncated = false;     // the window did not hold all of the context
};

// `window`: most tokens the model reads; `batch`: rows at a time. Requests that read the same
// tokens (the letters of a question) are one row. `done(rows, of rows)` after each batch may throw.
std::vector<ChoiceScore> score_choices(model::Transformer& model,
                                       const std::vector<ChoiceRequest>& requests, int64_t window,
                                       int64_t batch,
                                       const std::function<void(size_t, size_t)>& done);

}  // namespace repro::eval
