#include "run/records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace repro::run {
namespace {

using nlohmann::json;

json clocks_json(const Clocks& clocks) {
  return {{"train", clocks.train},
          {"eval", clocks.eval},
          {"checkpoint", clocks.checkpoint},
          {"other", clocks.other}};
}

StepRecord parse_step(const json& line) {
  StepRecord record;
  record.step = line.at("step");
  record.tokens = line.at("tokens");
  record.loss = line.at("loss");
  record.lm_loss = line.at("lm_loss");
  record.aux_loss = line.at("aux_loss");
  record.lr = line.at("lr");
  record.grad_norm = line.at("grad_norm");
  const json& seconds = line.at("seconds");
  record.clocks = {seconds.at("train"), seconds.at("eval"), seconds.at("checkpoint"),
                   seconds.at("other")};
  record.data_hash = std::stoull(line.at("data_hash").get<std::string>(), nullptr, 16);
  return record;
}

EvalRecord parse_eval(const json& line) {
  return {line.at("step"), line.at("split"), line.at("loss"), line.at("tokens"),
          line.at("bits_per_byte")};
}

void add_line(Records& records, const json& line) {
  const std::string event = line.at("event");
  if (event == "step") records.steps.push_back(parse_step(line));
  if (event == "eval") records.evals.push_back(parse_eval(line));
}

std::optional<Progress> parse_progress(const json& line) {
  const std::string event = line.value("event", "");
  Progress progress;
  if (event == "step") {
    progress.phase = "train";
    progress.unit = "steps";
    progress.done = line.at("step");
    progress.loss = line.at("lm_loss").get<double>();
    progress.tokens = line.at("tokens");
    progress.train_seconds = line.at("seconds").at("train");
    return progress;
  }
  if (event != "progress") return std::nullopt;
  progress.phase = line.at("phase");
  progress.done = line.at("done");
  progress.total = line.at("total");
  progress.unit = line.at("unit");
  return progress;
}

}  // namespace

std::string to_line(const StepRecord& record) {
  const json line = {{"event", "step"},
                     {"step", record.step},
                     {"tokens", record.tokens},
                     {"loss", record.loss},
                     {"lm_loss", record.lm_loss},
                     {"aux_loss", record.aux_loss},
                     {"lr", record.lr},
                     {"grad_norm", record.grad_norm},
                     {"seconds", clocks_json(record.clocks)},
                     {"data_hash", fmt::format("{:016x}", record.data_hash)}};
  return line.dump();
}

std::string to_line(const EvalRecord& record) {
  const json line = {{"event", "eval"},         {"step", record.step},
                     {"split", record.split},   {"loss", record.loss},
                     {"tokens", record.tokens}, {"bits_per_byte", record.bits_per_byte}};
  return line.dump();
}

std::vector<int64_t> Records::step_numbers() const {
  std::vector<int64_t> numbers;
  for (const StepRecord& record : steps) numbers.push_back(record.step);
  return numbers;
}

std::vector<double> Records::lm_losses() const {
  std::vector<double> losses;
  for (const StepRecord& record : steps) losses.push_back(record.lm_loss);
  return losses;
}

Records read_records(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error("{}: cannot open", path.string());
  Records records;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (file.eof()) break;  // no newline: the write was cut off
    try {
      add_line(records, json::parse(text));
    } catch (const std::exception&) {
      throw Error("{}:{}: not a record; delete the run's folder and run again", path.string(),
                  number);
    }
  }
  return records;
}

void truncate_records(const std::filesystem::path& path, int64_t step) {
  std::ifstream file(path);
  if (!file) return;
  std::string kept;
  std::string text;
  while (std::getline(file, text) && !file.eof()) {
    const json line = json::parse(text, nullptr, false);
    if (line.is_object() && line.value("step", int64_t{0}) <= step) kept += text + "\n";
  }
  write_file_atomically(path, kept);
}

std::optional<Progress> read_progress(const std::filesystem::path& path) {
  constexpr std::streamoff kTail = 8192;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  const std::streamoff begin = std::max<std::streamoff>(0, size - kTail);
  std::string tail(static_cast<size_t>(size - begin), '\0');
  file.seekg(begin);
  file.read(tail.data(), size - begin);
  tail.resize(tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n'));
  while (!tail.empty()) {
    const size_t line_begin = tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n') + 1;
    const json line = json::parse(tail.substr(line_begin), nullptr, false);
    try {
      if (line.is_object())
        if (auto progress = parse_progress(line)) return progress;
    } catch (const json::exception&) {
      return std::nullopt;
    }
    tail.resize(line_begin == 0 ? 0 : line_begin - 1);
  }
  return std::nullopt;
}

}  // namespace repro::run
