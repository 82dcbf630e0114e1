#pragma once
// The lines that Megatron-LM, nanoGPT and torchtitan print.

#include <memory>
#include <string>
#include <string_view>

#include "import/log_builder.hpp"

namespace repro::imports {

enum class LineKind {
  record,   // read
  unread,   // looks like a record and could not be read
  foreign,  // a launcher's, a warning, a progress bar
};

// Reads the lines of one process, one after another.
class LineReader {
 public:
  virtual ~LineReader() = default;
  virtual LineKind read(std::string_view line, size_t number, LogBuilder& log) = 0;
  virtual void finish(LogBuilder&) {}
};

// Null for a format that is not one of lines: csv, hf-trainer's trainer_state.json.
std::unique_ptr<LineReader> line_reader(std::string_view format);

}  // namespace repro::imports
