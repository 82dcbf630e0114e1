#include "exchange/checkpoint.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"

namespace repro::exchange {
namespace {

using nlohmann::json;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr size_t kMostShards = 10'000;

// What may be instead of the files that are read.
std::string why_none(const fs::path& folder) {
  if (fs::exists(folder / "pytorch_model.bin") ||
      fs::exists(folder / "pytorch_model.bin.index.json"))
    return "its pytorch_model.bin is a program as well as data and is not run: save it anew with "
           "safe_serialization=True";
  return "give a folder that save_pretrained wrote";
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& folder) : folder_(folder) {
  if (!fs::is_directory(folder)) throw Error("{}: no such folder", folder.string());
  if (fs::exists(folder / kSingle))
    files_ = {folder / kSingle};
  else if (fs::exists(folder / kIndex))
    files_ = shards(folder / kIndex);
  else
    throw Error("{}: holds no {}; {}", folder.string(), kSingle, why_none(folder));
  for (const fs::path& file : files_) open(file);
  if (files_.front().filename() == kSingle) return;
  const json index = read_object(folder / kIndex);
  for (const auto& [name, file] : index.at("weight_map").items())
    if (!tensors_.contains(name))
      throw Error("{}: tensor '{}' is in none of its files; get them again",
                  (folder / kIndex).string(), shown(name));
}

std::vector<fs::path> Checkpoint::shards(const fs::path& index_file) const {
  const json index = read_object(index_file);
  Keys keys(index, index_file.string());
  const json& map = keys.value("weight_map");
  if (!map.is_object() || map.empty())
    throw Error("{}: no weight_map of tensors to files; get it again", index_file.string());
  std::set<std::string> names;
  for (const auto& [tensor, file] : map.items()) {
    if (!file.is_string() || !is_plain_name(file.get<std::string>()))
      throw Error("{}: tensor '{}' is said to be in {}, which is no file's name",
                  index_file.string(), shown(tensor), shown_value(file));
    names.insert(file.get<std::string>());
  }
  if (names.size() > kMostShards)
    throw Error("{}: names {} files; at most {} are read", index_file.string(), names.size(),
                kMostShards);
  std::vector<fs::path> files;
  for (const std::string& name : names) {
    if (!fs::exists(folder_ / name))
      throw Error("{}: names {}, which is not there; get it too", index_file.string(), name);
    files.push_back(folder_ / name);
  }
  return files;
}

void Checkpoint::open(const fs::path& file) {
  const SafetensorsView& view = views_.emplace_back(file);
  for (const auto& [name, tensor] : view.tensors())
    if (!tensors_.emplace(name, &tensor).second)
      throw Error("{}: tensor '{}' is in another file too", file.string(), shown(name));
}

const SafetensorsTensor* Checkpoint::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : found->second;
}

std::string Checkpoint::metadata(const std::string& key) const {
  for (const SafetensorsView& view : views_)
    if (const auto found = view.metadata().find(key); found != view.metadata().end())
      return found->second;
  return "";
}

}  // namespace repro::exchange
