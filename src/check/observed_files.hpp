#pragma once
// Observations from files of other programs: logs that src/import reads, and the loss files that
// other projects' gates keep. One file is one seed; which tokens it saw and where it ran is not
// known.

#include <filesystem>
#include <string>
#include <vector>

#include "check/observations.hpp"

namespace repro::checks {

struct FileSource {
  std::vector<std::filesystem::path> files;
  std::string
      format;  // of import/foreign_log.hpp, for a file that does not tell its own; "" = none
  std::string training;  // name under which they stand
  int64_t window = 1;    // steps that a final loss is the mean of
};

// Metrics that say how long a step took or how much memory it held are left out, with a warning:
// they belong to a machine. Error where a file is none of the formats.
Observations observe_files(const FileSource& source);

}  // namespace repro::checks
