#pragma once
// What DONE holds: the size and SHA-256 of every file that a finished run leaves to later readers,
// so that a byte changed afterwards is noticed before anything is computed from it.
//
//   {"schema": 3, "files": {"result.json": {"bytes": 706, "sha256": "..."}, ...}}
//
// Logs, locks and temporaries are not sealed, and checkpoints/ seal themselves. An empty DONE is
// that of a run from before runs were sealed: it is believed, and said to be unsealed.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace repro::run {

struct Seal {
  int64_t bytes = 0;
  std::string sha256;
};

struct Seals {
  int schema = 0;                     // of the run
  std::map<std::string, Seal> files;  // by name below the run's directory
};

// Of the directory's files as they are; each is on disk when this returns.
Seals seal_files(const std::filesystem::path& directory, int schema);
std::string to_text(const Seals& seals);

// No value for an empty DONE. Error when it is damaged, with the way out.
std::optional<Seals> read_seals(const std::filesystem::path& done_file);

// "delete DIRECTORY and `repro run` makes it again".
std::string way_out_of_damage(const std::filesystem::path& directory);

}  // namespace repro::run
