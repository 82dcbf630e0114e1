#pragma once
// The door through which finished runs are read: nothing of them is believed before its bytes are
// those that DONE seals. What was once found whole is remembered beside the runs by size, times and
// inode (RUNS/.verified), so that ten thousand runs are not hashed each time. The memory only saves
// work: absent, damaged or not writable, files are hashed again, and a file is refused only after
// its bytes were.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>

#include "run/records.hpp"
#include "run/run_directory.hpp"
#include "run/seal.hpp"

namespace repro::run {

class Verifier {
 public:
  // For the runs below a folder.
  explicit Verifier(std::filesystem::path runs);
  ~Verifier();  // keeps what it learnt, where it can
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // Each is of a finished run below the folder, and an Error of one line says which file changed
  // and the way out. What a run from before seals left is taken as it is.
  nlohmann::json result(const RunDirectory& directory);
  // Of a run that is not finished, as far as they go; those of a finished one end at the result's
  // step.
  Records records(const RunDirectory& directory);
  Records records(const RunDirectory& directory, const nlohmann::json& result);  // that it left
  // A file by its name: its bytes are those that DONE seals.
  void require(const RunDirectory& directory, const std::string& file);
  // Every file that DONE seals.
  void require_all(const RunDirectory& directory);
  // Likewise, but of what only jobs read (weights, shards) the size alone: for who shows a run.
  void require_shown(const RunDirectory& directory);
  bool sealed(const RunDirectory& directory) { return seals_of(directory).has_value(); }

 private:
  // What the system says of a file; it changes with every write.
  struct Stamp {
    int64_t bytes = 0, modified = 0, changed = 0, inode = 0;  // times in ns
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    Stamp stamp;
    std::string sha256;
  };
  using Memory = std::unordered_map<std::string, Entry>;  // "RUN/FILE"

  Memory load() const;
  void save() const;
  const std::optional<Seals>& seals_of(const RunDirectory& directory);
  enum class Depth { size, bytes };
  void check(const RunDirectory& directory, const std::string& file, const Seal& seal,
             Depth depth = Depth::bytes);
  static std::optional<Stamp> stamp_of(const std::filesystem::path& path);

  std::filesystem::path runs_;
  Memory memory_;
  bool learnt_ = false;
  std::filesystem::path last_;  // whose seals are at hand
  std::optional<Seals> seals_;
};

// Of a run that is to be shown: that, where it is finished, what is shown of it is what it left.
void require_whole(const RunDirectory& directory);

}  // namespace repro::run
