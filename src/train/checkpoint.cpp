#include "train/checkpoint.hpp"

#include <ATen/ops/full.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"
#include "model/weights.hpp"

namespace repro::train {
namespace {

using nlohmann::json;

constexpr const char* kModelFile = "model.safetensors";
constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kStateFile = "state.json";
constexpr const char* kDoneFile = "DONE";
constexpr const char* kRecordsFile = "records.jsonl";
constexpr const char* kMlperfFile = "mlperf.log";
constexpr int kSchema = 1;
// Tensors of an optimizer's file; the last where it stands without a state.json.
constexpr const char* kFirst = "first_moment";
constexpr const char* kSecond = "second_moment";
constexpr const char* kUpdates = "updates";

// A renamed folder survives a power failure only once its parent is on disk. Files likewise.
void sync(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// Names and shapes in the order of the flat buffer, which the flat moments rely on.
std::string layout_hash(const std::vector<model::Parameter>& parameters) {
  Sha256 hash;
  for (const model::Parameter& parameter : parameters) {
    hash.update(parameter.name);
    for (int64_t size : parameter.value.sizes()) hash.update(fmt::format(" {}", size));
    hash.update("\n");
  }
  return hash.hex();
}

json file_entry(const fs::path& path) {
  return {{"bytes", fs::file_size(path)}, {"sha256", sha256_hex_of_file(path)}};
}

// The logs of the run as they are now; those it has.
json logs_beside(const fs::path& checkpoints) {
  json logs = json::object();
  for (const char* name : {kRecordsFile, kMlperfFile})
    if (const fs::path path = checkpoints.parent_path() / name; fs::exists(path))
      logs[name] = file_entry(path);
  return logs;
}

void require_logs(const fs::path& checkpoints, const json& logs) {
  for (const auto& [name, entry] : logs.items()) {
    const fs::path path = checkpoints.parent_path() / name;
    const int64_t bytes = entry.at("bytes");
    if (!fs::exists(path)) throw Error("{}: is missing", path.string());
    if (sha256_hex_of_start(path, bytes) != entry.at("sha256"))
      throw Error("{}: what stood there then (the first {} bytes) has changed", path.string(),
                  bytes);
  }
}

json state_json(const TrainState& state, const std::string& layout, int64_t updates) {
  return {{"schema", kSchema},
          {"step", state.step},
          {"tokens", state.tokens},
          {"data_hash", fmt::format("{:016x}", state.data_hash)},
          {"seconds",
           {{"train", state.clocks.train},
            {"eval", state.clocks.eval},
            {"checkpoint", state.clocks.checkpoint},
            {"other", state.clocks.other}}},
          {"communication_seconds", state.communication},
          {"mlperf_bytes", state.mlperf_bytes},
          {"updates", updates},
          {"layout", layout}};
}

TrainState parse_state(const json& file) {
  TrainState state;
  state.step = file.at("step");
  state.tokens = file.at("tokens");
  state.data_hash = std::stoull(file.at("data_hash").get<std::string>(), nullptr, 16);
  const json& seconds = file.at("seconds");
  state.clocks = {seconds.at("train"), seconds.at("eval"), seconds.at("checkpoint"),
                  seconds.at("other")};
  state.communication = file.value("communication_seconds", 0.0);
  state.mlperf_bytes = file.at("mlperf_bytes");
  if (const json::json_pointer records("/logs/records.jsonl/bytes"); file.contains(records))
    state.records_bytes = file.at(records);
  return state;
}

// The state of a checkpoint whose bytes are what was written; Error says what is damaged.
json read_verified_state(const fs::path& folder) {
  const std::string text = read_file(folder / kStateFile);
  if (sha256_hex(text) != read_file(folder / kDoneFile))
    throw Error("{}: its bytes changed after it was written", (folder / kStateFile).string());
  const json state = parse_json(text);
  if (state.at("schema") != kSchema)
    throw Error("{}: written by another version (schema {})", folder.string(),
                state.at("schema").get<int>());
  for (const auto& [name, entry] : state.at("files").items()) {
    const fs::path path = folder / name;
    if (!fs::exists(path)) throw Error("{}: is missing", path.string());
    if (fs::file_size(path) != entry.at("bytes"))
      throw Error("{}: {} bytes, expected {}", path.string(), fs::file_size(path),
                  entry.at("bytes").get<int64_t>());
    if (sha256_hex_of_file(path) != entry.at("sha256"))
      throw Error("{}: its bytes changed after it was written", path.string());
  }
  require_logs(folder.parent_path(), state.value("logs", json::object()));
  return state;
}

// Ascending by step.
std::vector<fs::path> finished_checkpoints(const fs::path& checkpoints) {
  std::vector<fs::path> found;
  if (!fs::exists(checkpoints)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints))
    if (fs::exists(entry.path() / kDoneFile) && entry.path().extension().empty())
      found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void copy_moments(const fs::path& path, AdamW& optimizer) {
  const SafetensorsView moments(path);
  const auto copy = [&](const char* name, at::Tensor to) {
    to.copy_(model::tensor_of(moments, path, name, to.sizes()));
  };
  copy(kFirst, optimizer.first_moment());
  copy(kSecond, optimizer.second_moment());
}

TrainState load(const fs::path& folder, const json& file, model::Transformer& model,
                AdamW& optimizer) {
  if (file.at("layout") != layout_hash(model.parameters()))
    throw Error("{}: belongs to another model; delete the run's folder and run again",
                folder.string());
  model::load_weights(folder / kModelFile, model.parameters());
  copy_moments(folder / kOptimizerFile, optimizer);
  optimizer.set_updates(file.at("updates"));
  model.values_changed();
  return parse_state(file);
}

}  // namespace

fs::path checkpoint_folder(const fs::path& checkpoints, int64_t step) {
  return checkpoints / fmt::format("{:08d}", step);
}

std::optional<fs::path> newest_checkpoint(const fs::path& checkpoints) {
  const std::vector<fs::path> found = finished_checkpoints(checkpoints);
  if (found.empty()) return std::nullopt;
  return found.back();
}

void save_checkpoint(const fs::path& checkpoints, const TrainState& state,
                     const std::vector<model::Parameter>& parameters, const AdamW& optimizer) {
  const fs::path folder = checkpoint_folder(checkpoints, state.step);
  const fs::path unfinished = folder.string() + ".unfinished";
  fs::remove_all(unfinished);
  make_directories(unfinished);
  try {
    model::save_weights(unfinished / kModelFile, parameters);
    model::save_tensors(unfinished / kOptimizerFile,
                        {{kFirst, optimizer.first_moment()}, {kSecond, optimizer.second_moment()}});
    json file = state_json(state, layout_hash(parameters), optimizer.updates());
    for (const char* name : {kModelFile, kOptimizerFile})
      file["files"][name] = file_entry(unfinished / name);
    file["logs"] = logs_beside(checkpoints);
    const std::string text = file.dump(1) + "\n";
    write_file_atomically(unfinished / kStateFile, text);
    write_file_atomically(unfinished / kDoneFile, sha256_hex(text));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);  // makes room again on a full disk
    throw;
  }
  sync(unfinished);
  fs::remove_all(folder);  // a damaged one of this step, from which the run fell back
  fs::rename(unfinished, folder);
  sync(checkpoints);

  const std::vector<fs::path> found = finished_checkpoints(checkpoints);
  for (size_t i = 0; i + 2 < found.size(); ++i) fs::remove_all(found[i]);
}

std::optional<TrainState> load_newest_checkpoint(const fs::path& checkpoints,
                                                 model::Transformer& model, AdamW& optimizer) {
  std::vector<fs::path> candidates = finished_checkpoints(checkpoints);
  if (candidates.empty()) return std::nullopt;
  for (; !candidates.empty(); candidates.pop_back()) {
    const fs::path& folder = candidates.back();
    try {
      const json file = read_verified_state(folder);
      return load(folder, file, model, optimizer);
    } catch (const std::exception& damage) {
      std::fprintf(stderr, "checkpoint %s cannot be used: %s%s\n", folder.c_str(), damage.what(),
                   candidates.size() > 1 ? "; falling back to the one before it" : "");
    }
  }
  throw Error(
      "{}: no checkpoint there is whole; delete the run's folder to start again from step 0",
      checkpoints.string());
}

Moments read_moments(const fs::path& checkpoints) {
  const auto folder = newest_checkpoint(checkpoints);
  if (!folder)
    throw Error(
        "{}: no finished checkpoint, so no optimizer to keep; delete the run's folder and "
        "run again",
        checkpoints.string());
  const json state = read_verified_state(*folder);
  const fs::path path = *folder / kOptimizerFile;
  const SafetensorsView file(path);
  const auto tensor = [&](const char* name) {
    return model::tensor_of(file, path, name, file[name].shape).clone();
  };
  return {tensor(kFirst), tensor(kSecond), state.at("updates").get<int64_t>()};
}

void save_moments(const fs::path& file, const Moments& moments) {
  model::save_tensors(file, {{kFirst, moments.first},
                             {kSecond, moments.second},
                             {kUpdates, at::full({1}, moments.updates, at::kLong)}});
}

void load_moments(const fs::path& file, AdamW& optimizer) {
  const SafetensorsView view(file);
  const Part& part = optimizer.part();
  const auto copy = [&](const char* name, at::Tensor to) {
    const at::Tensor whole = model::tensor_of(view, file, name, view[name].shape);
    if (whole.numel() < part.end() || (optimizer.whole() && whole.numel() != part.count))
      throw Error("{}: '{}' is of another model; delete the run's folder and run again",
                  file.string(), name);
    to.copy_(whole.narrow(0, part.first, part.count));
  };
  copy(kFirst, optimizer.first_moment());
  copy(kSecond, optimizer.second_moment());
  optimizer.set_updates(model::tensor_of(view, file, kUpdates, {1}).item<int64_t>());
}

void keep_only(const fs::path& checkpoints, int64_t step) {
  const fs::path kept = checkpoint_folder(checkpoints, step);
  for (const fs::directory_entry& entry : fs::directory_iterator(checkpoints))
    if (entry.path() != kept) fs::remove_all(entry.path());
}

void leave_weights(const fs::path& checkpoints, int64_t step, const fs::path& file) {
  const fs::path kept = checkpoint_folder(checkpoints, step) / kModelFile;
  fs::remove(file);  // of a try that ended before it was done
  std::error_code no_links;
  fs::create_hard_link(kept, file, no_links);
  if (no_links) {
    fs::copy_file(kept, file);
    sync(file);
  }
  sync(file.parent_path());
}

}  // namespace repro::train
