#include "train/gradient_sum.hpp"

#include <algorithm>

namespace repro::train {
namespace {

// What is neighboured becomes one.
std::vector<Part> joined(std::vector<Part> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Part& a, const Part& b) { return a.first < b.first; });
  std::vector<Part> whole;
  for (const Part& piece : pieces) {
    if (!whole.empty() && whole.back().end() == piece.first)
      whole.back().count += piece.count;
    else
      whole.push_back(piece);
  }
  return whole;
}

// By stage; the last one has all that is too small to go alone.
std::vector<std::vector<Part>> pieces_of(model::Transformer& model, int64_t least) {
  std::vector<std::vector<Part>> pieces;
  std::vector<Part> rest;
  for (const std::vector<size_t>& stage : model.stages()) {
    std::vector<Part> all;
    for (const size_t i : stage) {
      const at::Tensor& gradient = model.parameters()[i].gradient;
      all.push_back({gradient.storage_offset(), gradient.numel()});
    }
    pieces.emplace_back();
    for (const Part& piece : joined(std::move(all)))
      (piece.count < least ? rest : pieces.back()).push_back(piece);
  }
  rest.insert(rest.end(), pieces.back().begin(), pieces.back().end());
  pieces.back() = joined(std::move(rest));
  return pieces;
}

}  // namespace

GradientSum::GradientSum(model::Transformer& model, Ranks& ranks, int64_t least)
    : model_(model),
      ranks_(ranks),
      beside_(!ranks.alone() && !ranks.keeps_shared(model.flat_gradients())) {
  if (beside_) pieces_ = pieces_of(model, least);
}

model::StageDone GradientSum::beginning() {
  if (!beside_) return {};
  return [this](size_t stage) { begin(pieces_[stage]); };
}

void GradientSum::finish() {
  if (!beside_) return ranks_.sum(model_.flat_gradients());
  begin(pieces_.back());
  ranks_.end_sums();
}

void GradientSum::begin(const std::vector<Part>& pieces) {
  for (const Part& piece : pieces)
    ranks_.begin_sum(model_.flat_gradients().narrow(0, piece.first, piece.count));
}

}  // namespace repro::train
