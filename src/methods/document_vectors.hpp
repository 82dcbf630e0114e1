#pragma once
// One vector a document: the mean of an embedding table's rows over its tokens (MoE-DisCo, eq. 1).

#include <ATen/core/Tensor.h>

#include <filesystem>

#include "config/job_spec.hpp"
#include "data/text/document.hpp"
#include "data/tokens/token_shards.hpp"

namespace repro::methods {

// (N, D) fp32 on the CPU, a row a document of the train split. embedding = "model": the initial
// token table of spec.model (a random projection of the bag of tokens). "wordllama": a pre-trained
// table with its own vocabulary, into which the documents are translated.
at::Tensor document_vectors(const config::ClusterSpec& spec, const std::filesystem::path& corpus,
                            const data::TokenShards& train, const data::ProgressCallback& progress);

}  // namespace repro::methods
