#pragma once
// How likely a model finds continuations of contexts: what downstream tasks of multiple choice are
// scored by. As lm-evaluation-harness asks it: blanks at the context's end belong to the
// continuation, both are tokenised together and cut where the context's own tokens end, and of what
// is longer than the model's window the beginning is left out.
//
// What requests have in common at their beginning (a context of several choices, the shots of a
// subject) is read once. That and the batch change no bit of a score, nor do the requests' order
// and the number of workers.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/tokens/encoder.hpp"
#include "model/transformer.hpp"

namespace repro::eval {

struct ChoiceRequest {
  std::vector<int32_t> context;  // what stands before a text where there is none
  std::vector<int32_t> continuation;
};
// Error when the continuation has no token of its own.
ChoiceRequest make_request(data::Encoder& tokenizer, const std::string& context,
                           const std::string& continuation);

struct ChoiceScore {
  double log_likelihood = 0;  // nats, sum over the continuation's tokens
  bool greedy = false;        // each of them was the likeliest
  int64_t tokens = 0;         // of the continuation
  int64_t read = 0;           // tokens that the model read
  bool truncated = false;     // the window did not hold all of the context
};

// `window`: most tokens the model reads of a request at once (a longer continuation, which the
// harness refuses, is read in pieces); `batch_tokens`: at a time, of all.
// `done(lines read, of lines)` after each batch may throw.
std::vector<ChoiceScore> score_choices(model::Transformer& model,
                                       const std::vector<ChoiceRequest>& requests, int64_t window,
                                       int64_t batch_tokens,
                                       const std::function<void(size_t, size_t)>& done);

}  // namespace repro::eval
