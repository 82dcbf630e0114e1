#pragma once
// Whose tokens the weights of an eval job read: those of the corpus they were trained on, or those
// of the checkpoint that they were imported with.

#include <memory>
#include <string>

#include "data/tokens/encoder.hpp"
#include "run/run_directory.hpp"

namespace repro::worker {

// The fingerprint of the tokenizer that the weights of input "weights" were trained with: what an
// import wrote into them, else that of the corpus that their run rests on; "" where it rests on
// none.
std::string tokenizer_of_weights(const run::OpenedJob& job);

// The tokenizer of input "corpus" or, where there is none, the one that the weights brought. Error
// when the weights say that they were trained with another, or have fewer rows than it has tokens.
std::unique_ptr<data::Encoder> own_tokenizer(const run::OpenedJob& job, int64_t rows);

}  // namespace repro::worker
