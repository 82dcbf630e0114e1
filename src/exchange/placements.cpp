// Tensors of a checkpoint -> of a run, and back, by the tables alone: every tensor of a run is the
// elements of published ones in turn, so nothing is computed and nothing copied.
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/narrow_floats.hpp"
#include "base/text.hpp"
#include "exchange/checkpoint.hpp"

namespace repro::exchange {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void require_weights(const std::string& place, const SafetensorsTensor& tensor,
                     const std::vector<int64_t>& shape) {
  if (tensor.shape != shape)
    throw Error("{}: tensor '{}' has shape {}, but {} by its configuration", place,
                shown(tensor.name), shape_text(tensor.shape), shape_text(shape));
  if (!is_float_dtype(tensor.dtype))
    throw Error("{}: tensor '{}' is {}; weights are read as F32, F16 or BF16", place,
                shown(tensor.name), tensor.dtype);
}

// Takes tensors out of a checkpoint, and knows which were not asked for.
class Taker {
 public:
  explicit Taker(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  void take(const Placement& place, std::vector<SafetensorsPieces>& out) {
    const bool whole = place.whole_too && checkpoint_.find(place.ours) != nullptr;
    const std::vector<std::string> own = {place.ours};
    const std::vector<std::string>& names = whole ? own : place.theirs;
    if (place.optional && checkpoint_.find(names.front()) == nullptr) return;
    SafetensorsPieces tensor{place.ours, "", place.shape, "", {}};
    for (const std::string& name : names)
      add_piece(name, whole ? place.shape : place.piece_shape, tensor);
    if (!place.ours.empty()) out.push_back(std::move(tensor));
  }

  void require_no_other(const PublishedConfig& config) const {
    for (const auto& [name, tensor] : checkpoint_.tensors())
      if (!taken_.contains(name))
        throw Error(
            "{}: tensor '{}' belongs to no {} of its config.json; the two are not one "
            "model's",
            checkpoint_.folder().string(), shown(name), config.architecture->type);
  }

 private:
  void add_piece(const std::string& name, const std::vector<int64_t>& shape,
                 SafetensorsPieces& tensor) {
    const std::string place = checkpoint_.folder().string();
    const SafetensorsTensor* found = checkpoint_.find(name);
    if (found == nullptr)
      throw Error("{}: no tensor '{}', which its config.json asks for; get all files of the model",
                  place, name);
    require_weights(place, *found, shape);
    if (!tensor.pieces.empty() && tensor.dtype != found->dtype)
      throw Error("{}: tensor '{}' is {}, others of its layer's experts are {}", place, name,
                  found->dtype, tensor.dtype);
    taken_.insert(name);
    tensor.dtype = tensor.pieces_dtype = found->dtype;
    tensor.pieces.push_back(found->data);
  }

  const Checkpoint& checkpoint_;
  std::set<std::string> taken_;
};

size_t elements(const std::vector<int64_t>& shape) {
  return static_cast<size_t>(
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
}

// The largest tensor of zeros that is written: its bytes serve for each.
size_t bytes_of_zeros(const PublishedConfig& config) {
  size_t most = 0;
  for_each_placement(*config.architecture, config.model, [&](const Placement& place) {
    if (place.ours.empty() && !place.optional) most = std::max(most, 4 * elements(place.shape));
  });
  return most;
}

int64_t bytes_written(const SafetensorsPieces& tensor) {
  return static_cast<int64_t>(elements(tensor.shape) * safetensors_element_bytes(tensor.dtype));
}

// In their order, as many in each as fit.
std::vector<std::vector<SafetensorsPieces>> into_shards(
    const std::vector<SafetensorsPieces>& tensors, int64_t shard_bytes) {
  std::vector<std::vector<SafetensorsPieces>> shards(1);
  int64_t bytes = 0;
  for (const SafetensorsPieces& tensor : tensors) {
    if (bytes > 0 && bytes + bytes_written(tensor) > shard_bytes) {
      shards.emplace_back();
      bytes = 0;
    }
    bytes += bytes_written(tensor);
    shards.back().push_back(tensor);
  }
  return shards;
}

}  // namespace

std::vector<SafetensorsPieces> arrange(const Checkpoint& checkpoint,
                                       const PublishedConfig& config) {
  Taker taker(checkpoint);
  std::vector<SafetensorsPieces> tensors;
  for_each_placement(*config.architecture, config.model,
                     [&](const Placement& place) { taker.take(place, tensors); });
  taker.require_no_other(config);
  return tensors;
}

std::vector<SafetensorsPieces> publish(const SafetensorsView& weights, const fs::path& path,
                                       const PublishedConfig& config, const std::string& dtype,
                                       std::vector<std::byte>& zeros) {
  zeros.resize(bytes_of_zeros(config));
  std::vector<SafetensorsPieces> tensors;
  size_t taken = 0;
  const auto add = [&](const std::string& name, const Placement& place, const std::string& from,
                       std::span<const std::byte> bytes) {
    tensors.push_back({name, dtype.empty() ? from : dtype, place.piece_shape, from, {bytes}});
  };
  for_each_placement(*config.architecture, config.model, [&](const Placement& place) {
    if (place.optional) return;
    const size_t each = elements(place.piece_shape);
    if (place.ours.empty()) {
      const std::string type = dtype.empty() ? "F32" : dtype;
      for (const std::string& name : place.theirs)
        add(name, place, type,
            std::span<const std::byte>(zeros).first(each * safetensors_element_bytes(type)));
      return;
    }
    const SafetensorsTensor& tensor = weights[place.ours];
    ++taken;
    require_weights(path.string(), tensor, place.shape);
    const size_t bytes = each * safetensors_element_bytes(tensor.dtype);
    for (size_t i = 0; i < place.theirs.size(); ++i)
      add(place.theirs[i], place, tensor.dtype, tensor.data.subspan(i * bytes, bytes));
  });
  if (taken != weights.tensors().size())
    throw Error("{}: holds {} tensors, a {} has {}; the weights are not those of its job",
                path.string(), weights.tensors().size(), config.architecture->type, taken);
  return tensors;
}

int64_t write_shards(const fs::path& folder, const std::vector<SafetensorsPieces>& tensors,
                     const std::map<std::string, std::string>& metadata, int64_t shard_bytes) {
  const auto shards = into_shards(tensors, shard_bytes);
  int64_t total = 0;
  nlohmann::ordered_json map = nlohmann::ordered_json::object();
  auto& members = map.get_ref<nlohmann::ordered_json::object_t&>();
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string name =
        shards.size() == 1 ? "model.safetensors"
                           : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    write_safetensors(folder / name, shards[i], metadata);
    for (const SafetensorsPieces& tensor : shards[i]) {
      total += bytes_written(tensor);
      members.emplace_back(tensor.name, name);
    }
  }
  if (shards.size() > 1)
    write_file_atomically(
        folder / "model.safetensors.index.json",
        nlohmann::ordered_json({{"metadata", {{"total_size", total}}}, {"weight_map", map}})
                .dump(2) +
            "\n");
  return total;
}

}  // namespace repro::exchange
