#pragma once
// Documents of published data sets, one by one and in their order: JSON lines, Parquet and Arrow
// columns, plain text, folders and archives of text files. Compression is recognised by the first
// bytes. Text is used as published; records that hold none are counted by reason.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "config/corpus.hpp"

namespace repro::data {

using VisitRecord = std::function<void(std::string&& text)>;
using DropCounts = std::map<std::string, int64_t>;

// The reader ("jsonl", "parquet", "text") for a file or folder, from its bytes. Error when it is
// empty or missing.
std::string reader_for(const std::filesystem::path& path, const config::CorpusLimits& limits = {});

// Reads the file or folder with the `declared` reader; "auto" is reader_for(path). Error when its
// bytes are of another kind or damaged, or go beyond a limit.
void read_records(const std::filesystem::path& path, const std::string& declared,
                  const std::string& text_field, DropCounts& dropped, const VisitRecord& visit,
                  const config::CorpusLimits& limits = {});

}  // namespace repro::data
