#pragma once
// A log of another program as a run directory, so that every verb that reads runs reads it.

#include <filesystem>
#include <string>

#include "import/foreign_log.hpp"

namespace repro::cli {

// The name of a file or folder as part of a run's: letters, digits, '.', '-' and '_'.
std::string plain_name(const std::string& text);

// Writes job.json, records.jsonl, result.json and DONE. The directory is `output` if given, else
// <runs>/import-<file>, or import-<file>-2, ... where that holds another run: none is ever
// overwritten, and the same import twice is one run. Returns the directory.
std::filesystem::path write_imported_run(const imports::ImportedLog& imported,
                                         const std::filesystem::path& source,
                                         const imports::ForeignLog& log,
                                         const std::filesystem::path& runs,
                                         const std::filesystem::path& output);

}  // namespace repro::cli
