#pragma once
// Training logs that other programs printed -> step and evaluation records. Each format is the
// lines its program really writes; anything else in the file is counted, not fatal: launchers,
// progress bars and warnings share the same stream. A number that the file does not state is not
// made up: what is unknown is said, with the reason.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "run/records.hpp"

namespace repro::imports {

struct ForeignLog {
  std::string format;           // "hf-trainer", "megatron", "nanogpt", "torchtitan", "csv"
  int64_t tokens_per_step = 0;  // of all devices; 0 = unknown, unless the log says
  int64_t sequence = 0;         // tokens of a sequence: Megatron counts samples; 0 likewise
  int64_t logging_steps = 0;    // hf-trainer's text log has no step numbers; 0 = from its epochs
  int64_t devices = 1;          // torchtitan's tokens a second are of one
};

struct ImportedLog {
  run::Records records;  // steps with a finite loss; evaluations by split: "valid", "test"
  int64_t lines = 0;
  int64_t unknown = 0;       // lines that are no record of this format
  std::string first_unread;  // "line 7: ...": looks like a record and is none; "" = there is none
  int64_t replaced = 0;      // steps logged again after a restart: the later ones count
  int64_t not_finite = 0;    // losses that are NaN or infinite, left out
  int64_t without_loss = 0;  // steps whose loss is blank or a sentinel (-1), left out
  int64_t other_ranks = 0;   // steps that another process printed, left out
  int64_t last_step = 0;     // the last one logged, with or without a loss
  bool ended_not_finite = false;  // the loss of that step is NaN or infinite
  int64_t covers_from = 0;    // the log begins amid the run: its time is of the steps after this
  int64_t tokens_before = 0;  // of a log that begins amid the run: at its first step, for a rate
  double seconds_before = 0;  // likewise
  bool timed = false;         // the log says how long its steps took
  std::string untimed;        // otherwise: why not, and the way out
};

std::vector<std::string> foreign_formats();
// Error of exit bad_log, with its line: the file holds no step of this format, a CSV is damaged, a
// number cannot be what it stands for, or the log contradicts an option.
ImportedLog import_foreign_log(const std::filesystem::path& path, const ForeignLog& log);

}  // namespace repro::imports
