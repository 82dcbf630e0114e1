#include "exchange/architecture.hpp"

#include <string_view>

#include "base/error.hpp"

namespace repro::exchange {
namespace {

using config::ModelConfig;

constexpr std::string_view kLayer = "{l}";
constexpr std::string_view kExpert = "{e}";

int64_t dimension(const ModelConfig& model, char letter) {
  switch (letter) {
    case 'V':
      return model.vocabulary;
    case 'd':
      return model.width;
    case 'q':
      return model.heads * model.head_width;
    case 'k':
      return model.kv_heads * model.head_width;
    case 'E':
      return model.experts;
    case 'f':
      return model.expert_width;
    case 'g':
      return 2 * model.expert_width;
    case 's':
      return model.shared_width;
    case 'h':
      return model.head_width / 2;
    default:
      check(letter == '1', "a shape of a table is of known letters");
      return 1;
  }
}

std::vector<int64_t> dimensions(const ModelConfig& model, std::string_view letters) {
  std::vector<int64_t> shape;
  for (const char letter : letters) shape.push_back(dimension(model, letter));
  return shape;
}

bool has(std::string_view name, std::string_view mark) { return name.find(mark) != name.npos; }

std::string filled(std::string_view name, std::string_view mark, const std::string& with) {
  std::string result(name);
  if (const size_t at = result.find(mark); at != result.npos) result.replace(at, mark.size(), with);
  return result;
}

std::string layer_name(int64_t layer) { return fmt::format("model.layers.{}", layer); }

Placement placement(const TensorRow& row, const ModelConfig& model, int64_t layer) {
  const std::string prefix = layer_name(layer);
  Placement place;
  place.ours = filled(row.ours, kLayer, prefix);
  place.shape = dimensions(model, row.shape);
  place.piece_shape = row.theirs.empty() ? place.shape : dimensions(model, row.each);
  place.whole_too = row.whole_too;
  place.optional = row.optional;
  if (row.theirs.empty()) place.theirs.push_back(place.ours);
  const bool by_expert = !row.theirs.empty() && has(row.theirs.front(), kExpert);
  for (int64_t expert = 0; expert < (by_expert ? model.experts : 1); ++expert)
    for (const char* name : row.theirs)
      place.theirs.push_back(filled(filled(name, kLayer, prefix), kExpert, std::to_string(expert)));
  return place;
}

bool is_of_layers(const TensorRow& row) {
  return has(*row.ours == '\0' ? row.theirs.front() : row.ours, kLayer);
}

}  // namespace

void for_each_placement(const Architecture& architecture, const ModelConfig& model,
                        const std::function<void(const Placement&)>& use) {
  const std::vector<TensorRow>& rows = architecture.tensors;
  const auto use_row = [&](const TensorRow& row, int64_t layer) {
    if (row.when == nullptr || row.when(model)) use(placement(row, model, layer));
  };
  for (size_t first = 0; first < rows.size();) {
    size_t end = first;
    while (end < rows.size() && is_of_layers(rows[end])) ++end;
    for (int64_t layer = 0; layer < model.layers; ++layer)
      for (size_t row = first; row < end; ++row) use_row(rows[row], layer);
    if (end == first) use_row(rows[end++], 0);
    first = end;
  }
}

std::vector<const Architecture*> architectures() { return {&qwen2_moe(), &llama_moe()}; }

const Architecture& architecture_of(const ModelConfig& model, const std::string& place) {
  std::string reasons;
  for (const Architecture* each : architectures()) {
    const std::string why = each->misfit(model);
    if (why.empty()) return *each;
    reasons += fmt::format("{}no {}: {}", reasons.empty() ? "" : "; ", each->class_name, why);
  }
  throw Error("{}: its model is of no published architecture ({})", place, reasons);
}

}  // namespace repro::exchange
