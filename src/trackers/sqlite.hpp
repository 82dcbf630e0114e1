#pragma once
// Runs as one SQLite database, for whoever asks questions in SQL. Its tables are described in
// docs/sqlite.md; `kSqliteSchema` is its user_version and rises when one of them changes.

#include <filesystem>
#include <string>
#include <vector>

#include "trackers/tracked_run.hpp"

namespace repro::trackers {

constexpr int kSqliteSchema = 1;

// The statements that make the tables.
const char* sqlite_tables();

// Writes the file whole or not at all.
void write_sqlite(const std::vector<TrackedRun>& runs, const std::filesystem::path& path);

}  // namespace repro::trackers
