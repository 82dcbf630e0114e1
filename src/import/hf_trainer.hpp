#pragma once
// The Hugging Face trainer: what it prints, where a line has an epoch and no step, and
// trainer_state.json, which has both.

#include <memory>

#include "import/log_lines.hpp"

namespace repro::imports {

std::unique_ptr<LineReader> hf_line_reader();

bool is_trainer_state(const std::string& text);
// Returns how many entries were read, and how many of them were no record of a training.
struct StateEntries {
  int64_t all = 0;
  int64_t unknown = 0;
};
StateEntries read_trainer_state(const std::string& text, LogBuilder& log);

}  // namespace repro::imports
