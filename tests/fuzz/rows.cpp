// Tables of downstream tasks: Arrow, Parquet, JSON lines, CSV.
#include "data/formats/rows.hpp"

#include <nlohmann/json.hpp>

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    int64_t rows = 0;
    data::for_each_row(file.path(), {}, [&](nlohmann::ordered_json&& row) {
      require(row.is_object(), "a row is an object");
      if (++rows > 100'000) throw Error("enough rows");
    });
  });
}

}  // namespace repro::fuzz
