#pragma once
// Training logs that other programs printed -> step and evaluation records. Each format is the
// lines its program really writes; anything else in the file is counted, not fatal: launchers,
// progress bars and warnings share the same stream.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "run/records.hpp"

namespace repro::imports {

struct ForeignLog {
  std::string format;           // "hf-trainer", "megatron", "nanogpt", "torchtitan", "csv"
  int64_t tokens_per_step = 0;  // of all devices; 0 = unknown, unless the log says
  int64_t sequence = 0;         // tokens of a sequence: Megatron counts samples
  int64_t logging_steps = 1;    // hf-trainer's text log has no step numbers
  int64_t devices = 1;          // torchtitan's tokens a second are of one
};

struct ImportedLog {
  run::Records records;
  int64_t lines = 0;
  int64_t unknown = 0;     // lines that are no record of this format
  int64_t replaced = 0;    // steps logged again after a restart: the later ones count
  int64_t not_finite = 0;  // steps whose loss is no finite number, left out
  bool timed = false;      // the log says how long steps took
};

std::vector<std::string> foreign_formats();
// Error when the file holds no step of this format, or (csv) is damaged: with its line.
ImportedLog import_foreign_log(const std::filesystem::path& path, const ForeignLog& log);

}  // namespace repro::imports
