#include "data/formats/columnar.hpp"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "data/formats/budget.hpp"
#include "data/formats/input.hpp"

namespace repro::data {
namespace {

using std::filesystem::path;

using VisitCell = std::function<void(std::optional<std::string_view>)>;

constexpr int64_t kBatchRows = 1024;

struct UsedUp {};  // the pool's limit is reached

void require(const arrow::Status& status, const path& file) {
  if (status.IsOutOfMemory()) throw UsedUp();
  if (!status.ok())
    throw Error("{}: damaged or unreadable: {}", file.string(),
                split(status.message(), '\n').front());
}

template <typename T>
T require(arrow::Result<T> result, const path& file) {
  require(result.status(), file);
  return std::move(result).ValueUnsafe();
}

// The same buffers with texts as bytes: whether they are UTF-8 is told by whoever takes them.
std::shared_ptr<arrow::ArrayData> as_bytes(const arrow::ArrayData& data) {
  auto same = data.Copy();
  if (data.dictionary != nullptr) {
    const auto& coded = static_cast<const arrow::DictionaryType&>(*data.type);
    same->dictionary = as_bytes(*data.dictionary);
    same->type = arrow::dictionary(coded.index_type(), same->dictionary->type, coded.ordered());
  }
  if (data.type->id() == arrow::Type::STRING) same->type = arrow::binary();
  if (data.type->id() == arrow::Type::LARGE_STRING) same->type = arrow::large_binary();
  if (data.type->id() == arrow::Type::STRING_VIEW) same->type = arrow::binary_view();
  return same;
}

// The library believes the offsets and indices of a file, which may point anywhere, until it is
// asked.
void require_inside(const arrow::Array& array, const path& file) {
  require(arrow::MakeArray(as_bytes(*array.data()))->ValidateFull(), file);
}

int column_index(const arrow::Schema& schema, const std::string& column, const path& file) {
  const int index = schema.GetFieldIndex(column);
  if (index >= 0) return index;
  throw Error("{}: no column '{}'; it has '{}': name the text's with text_field", file.string(),
              column, join(schema.field_names(), "', '"));
}

template <typename Array>
void visit_rows(const Array& array, const VisitCell& visit) {
  for (int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) {
      visit(std::nullopt);
    } else {
      visit(std::string_view(array.GetView(row)));
    }
  }
}

template <typename Array>
bool visit_values(const arrow::DictionaryArray& array, const VisitCell& visit) {
  const auto* values = dynamic_cast<const Array*>(array.dictionary().get());
  if (values == nullptr) return false;
  for (int64_t row = 0; row < array.length(); ++row) {
    const bool null = array.IsNull(row) || values->IsNull(array.GetValueIndex(row));
    visit(null ? std::nullopt
               : std::optional<std::string_view>(values->GetView(array.GetValueIndex(row))));
  }
  return true;
}

void visit_batch(const arrow::RecordBatch& batch, const std::string& column, const path& file,
                 const VisitCell& visit) {
  const auto array = batch.column(column_index(*batch.schema(), column, file));
  require_inside(*array, file);
  // Columns of categories: every value once, and an index a row.
  if (const auto* coded = dynamic_cast<const arrow::DictionaryArray*>(array.get()))
    if (visit_values<arrow::BinaryArray>(*coded, visit) ||
        visit_values<arrow::LargeBinaryArray>(*coded, visit) ||
        visit_values<arrow::BinaryViewArray>(*coded, visit))
      return;
  // Each is the base of its text type; bytes that are no UTF-8 are told by whoever takes them.
  if (const auto* texts = dynamic_cast<const arrow::BinaryArray*>(array.get())) {
    visit_rows(*texts, visit);
  } else if (const auto* large = dynamic_cast<const arrow::LargeBinaryArray*>(array.get())) {
    visit_rows(*large, visit);
  } else if (const auto* views = dynamic_cast<const arrow::BinaryViewArray*>(array.get())) {
    visit_rows(*views, visit);
  } else {
    throw Error("{}: column '{}' is of type {}, expected text", file.string(), column,
                array->type()->ToString());
  }
}

std::unique_ptr<parquet::arrow::FileReader> open_parquet(const path& file,
                                                         arrow::MemoryPool& pool) {
  const auto input = require(arrow::io::ReadableFile::Open(file.string(), &pool), file);
  parquet::ReaderProperties buffered(&pool);
  buffered.set_page_checksum_verification(true);  // of pages that have one
  buffered.enable_buffered_stream();  // pages as they are needed, not whole column chunks
  parquet::ArrowReaderProperties batches;
  batches.set_batch_size(kBatchRows);
  batches.set_pre_buffer(false);
  batches.set_use_threads(false);
  parquet::arrow::FileReaderBuilder builder;
  builder.memory_pool(&pool);
  require(builder.Open(input, buffered), file);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  require(builder.properties(batches)->Build(&reader), file);
  return reader;
}

using VisitBatch = std::function<void(const arrow::RecordBatch&)>;

// Of all columns, or of one.
void visit_parquet(const path& file, const std::optional<std::string>& column,
                   const VisitBatch& visit, arrow::MemoryPool& pool) {
  const auto parquet = open_parquet(file, pool);
  std::shared_ptr<arrow::Schema> schema;
  require(parquet->GetSchema(&schema), file);
  std::vector<int> groups(static_cast<size_t>(parquet->num_row_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  std::vector<int> columns;
  if (column) columns = {column_index(*schema, *column, file)};
  const auto batches = require(column ? parquet->GetRecordBatchReader(groups, columns)
                                      : parquet->GetRecordBatchReader(groups),
                               file);
  std::shared_ptr<arrow::RecordBatch> batch;
  while (require(batches->ReadNext(&batch), file), batch != nullptr) visit(*batch);
}

arrow::ipc::IpcReadOptions with_pool(arrow::MemoryPool& pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = &pool;
  options.use_threads = false;
  return options;
}

void visit_arrow_stream(const path& file, const VisitBatch& visit, arrow::MemoryPool& pool) {
  const auto input = require(arrow::io::ReadableFile::Open(file.string(), &pool), file);
  const auto batches =
      require(arrow::ipc::RecordBatchStreamReader::Open(input, with_pool(pool)), file);
  std::shared_ptr<arrow::RecordBatch> batch;
  while (require(batches->ReadNext(&batch), file), batch != nullptr) visit(*batch);
}

void visit_arrow_file(const path& file, const VisitBatch& visit, arrow::MemoryPool& pool) {
  const auto input = require(arrow::io::ReadableFile::Open(file.string(), &pool), file);
  const auto reader =
      require(arrow::ipc::RecordBatchFileReader::Open(input, with_pool(pool)), file);
  for (int i = 0; i < reader->num_record_batches(); ++i)
    visit(*require(reader->ReadRecordBatch(i), file));
}

void visit_file(const path& file, const std::optional<std::string>& column, const VisitBatch& visit,
                arrow::MemoryPool& pool) {
  const auto input = open_input(file);
  const std::string_view magic = input->peek(6);
  if (magic.starts_with("PAR1")) {
    visit_parquet(file, column, visit, pool);
  } else if (magic.starts_with("ARROW1")) {
    visit_arrow_file(file, visit, pool);
  } else {
    visit_arrow_stream(file, visit, pool);
  }
}

// For ever: a thread of the library may give memory back after damage has ended the reading.
arrow::MemoryPool& pool_of(int64_t most_bytes) {
  static auto& pools = *new std::map<int64_t, arrow::CappedMemoryPool>;
  return pools.try_emplace(most_bytes, arrow::default_memory_pool(), most_bytes).first->second;
}

void visit_batches(const path& file, const std::optional<std::string>& column,
                   const config::CorpusLimits& limits, const VisitBatch& visit) {
  try {
    visit_file(file, column, visit, pool_of(limits.memory_bytes));
  } catch (const UsedUp&) {
    fail_limit(file.string(), "a batch of its columns needs more memory", "memory_bytes",
               limits.memory_bytes);
  } catch (const parquet::ParquetException& damage) {
    throw Error("{}: damaged or unreadable: {}", file.string(), split(damage.what(), '\n').front());
  }
}

nlohmann::ordered_json cell_at(const arrow::Array& array, int64_t row, const path& file);

nlohmann::ordered_json list_at(const arrow::Array& values, int64_t begin, int64_t end,
                               const path& file) {
  auto list = nlohmann::ordered_json::array();
  for (int64_t i = begin; i < end; ++i) list.push_back(cell_at(values, i, file));
  return list;
}

nlohmann::ordered_json cell_at(const arrow::Array& array, int64_t row, const path& file) {
  if (array.IsNull(row)) return nullptr;
  if (const auto* text = dynamic_cast<const arrow::BinaryArray*>(&array))
    return std::string(text->GetView(row));
  if (const auto* text = dynamic_cast<const arrow::LargeBinaryArray*>(&array))
    return std::string(text->GetView(row));
  if (const auto* text = dynamic_cast<const arrow::BinaryViewArray*>(&array))
    return std::string(text->GetView(row));
  if (const auto* list = dynamic_cast<const arrow::ListArray*>(&array))
    return list_at(*list->values(), list->value_offset(row), list->value_offset(row + 1), file);
  if (const auto* list = dynamic_cast<const arrow::LargeListArray*>(&array))
    return list_at(*list->values(), list->value_offset(row), list->value_offset(row + 1), file);
  if (const auto* coded = dynamic_cast<const arrow::DictionaryArray*>(&array))
    return cell_at(*coded->dictionary(), coded->GetValueIndex(row), file);
  if (const auto* parts = dynamic_cast<const arrow::StructArray*>(&array)) {
    auto object = nlohmann::ordered_json::object();
    for (int i = 0; i < parts->num_fields(); ++i)
      object[parts->struct_type()->field(i)->name()] = cell_at(*parts->field(i), row, file);
    return object;
  }
  const auto scalar = require(array.GetScalar(row), file);
  if (array.type_id() == arrow::Type::BOOL)
    return static_cast<const arrow::BooleanScalar&>(*scalar).value;
  if (arrow::is_integer(array.type_id()))
    return static_cast<const arrow::Int64Scalar&>(*require(scalar->CastTo(arrow::int64()), file))
        .value;
  if (arrow::is_floating(array.type_id()))
    return static_cast<const arrow::DoubleScalar&>(*require(scalar->CastTo(arrow::float64()), file))
        .value;
  throw Error("{}: a column of type {}; expected texts, numbers, lists and structs of them",
              file.string(), array.type()->ToString());
}

}  // namespace

bool is_columnar(std::string_view first_bytes) {
  return first_bytes.starts_with("PAR1") || first_bytes.starts_with("ARROW1") ||
         first_bytes.starts_with("\xff\xff\xff\xff");
}

void for_each_text(const path& file, const std::string& column, const VisitCell& visit,
                   const config::CorpusLimits& limits) {
  const auto budget = std::make_shared<Budget>(limits);
  budget->read(static_cast<size_t>(std::filesystem::file_size(file)));
  int64_t expanded = 0;
  const VisitCell counted = [&](std::optional<std::string_view> cell) {
    const size_t bytes = cell ? cell->size() : 0;
    budget->expand(file.string(), 1, bytes, expanded += static_cast<int64_t>(bytes));
    visit(cell);
  };
  visit_batches(file, column, limits, [&](const arrow::RecordBatch& batch) {
    visit_batch(batch, column, file, counted);
  });
}

void for_each_columnar_row(const path& file,
                           const std::function<void(nlohmann::ordered_json&&)>& visit,
                           const config::CorpusLimits& limits) {
  visit_batches(file, std::nullopt, limits, [&](const arrow::RecordBatch& batch) {
    for (const auto& array : batch.columns()) require_inside(*array, file);
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      auto object = nlohmann::ordered_json::object();
      for (int i = 0; i < batch.num_columns(); ++i)
        object[batch.column_name(i)] = cell_at(*batch.column(i), row, file);
      visit(std::move(object));
    }
  });
}

void write_parquet(const path& file, const std::string& column,
                   const std::vector<std::optional<std::string>>& rows, int64_t rows_a_group) {
  arrow::StringBuilder builder;
  for (const auto& row : rows) require(row ? builder.Append(*row) : builder.AppendNull(), file);
  const auto schema = arrow::schema({arrow::field(column, arrow::utf8())});
  const auto table = arrow::Table::Make(schema, {require(builder.Finish(), file)});
  const auto output = require(arrow::io::FileOutputStream::Open(file.string()), file);
  const auto properties = parquet::WriterProperties::Builder().enable_page_checksum()->build();
  require(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), output, rows_a_group,
                                     properties),
          file);
  require(output->Close(), file);
}

}  // namespace repro::data
