#pragma once
// Text columns of Parquet and Arrow files, record batch by record batch. The only door to Arrow.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/corpus.hpp"

namespace repro::data {

// Parquet, Arrow file or Arrow stream, by their first bytes.
bool is_columnar(std::string_view first_bytes);

// Calls `visit` with each row's value of the text column `column`, nullopt for null. Memory is a
// batch, whatever the file's size and whatever sizes it claims: at most limits.memory_bytes. Error
// when the file is damaged, the column is missing (the message lists those there are) or not text.
void for_each_text(const std::filesystem::path& path, const std::string& column,
                   const std::function<void(std::optional<std::string_view>)>& visit,
                   const config::CorpusLimits& limits = {});

// Every row of a file as a JSON object in its columns' order: texts, whole numbers, floating
// numbers, truths, nulls, and lists and structs of them. Memory is a batch. Error when the file is
// damaged or a column of another type.
void for_each_columnar_row(const std::filesystem::path& path,
                           const std::function<void(nlohmann::ordered_json&&)>& visit,
                           const config::CorpusLimits& limits = {});

// Writes one text column as a Parquet file, `rows_a_group` rows a row group, each page with its
// checksum.
void write_parquet(const std::filesystem::path& path, const std::string& column,
                   const std::vector<std::optional<std::string>>& rows, int64_t rows_a_group);

}  // namespace repro::data
