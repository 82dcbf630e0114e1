#pragma once
// A log of another program as a run directory, so that every verb that reads runs reads it.

#include <filesystem>

#include "import/foreign_log.hpp"

namespace repro::cli {

// Writes job.json, records.jsonl, result.json and DONE. The directory is `output` if given, else
// <runs>/import-<file>, or import-<file>-2, ... where that holds another run: none is ever
// overwritten, and the same import twice is one run. Returns the directory.
std::filesystem::path write_imported_run(const imports::ImportedLog& imported,
                                         const std::filesystem::path& source,
                                         const imports::ForeignLog& log,
                                         const std::filesystem::path& runs,
                                         const std::filesystem::path& output);

}  // namespace repro::cli
