#include "config/library.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::config {

TEST_CASE("an experiment's name that stands in two folders is refused with both", "[config]") {
  const TemporaryDirectory root;
  for (const char* name : {"a/table", "b/table", "b/figure"}) {
    const fs::path path = root.path() / "experiments" / (std::string(name) + ".toml");
    make_directories(path.parent_path());
    write_file_atomically(path, "");
  }
  CHECK_THROWS_WITH(find_manifest(root.path(), "table"),
                    "experiment 'table' is ambiguous; say a/table or b/table");
  CHECK(find_manifest(root.path(), "b/table").string() == "experiments/b/table.toml");
  CHECK(find_manifest(root.path(), "figure").string() == "experiments/b/figure.toml");
  CHECK_THROWS_WITH(find_manifest(root.path(), "figur"), Catch::Contains("did you mean 'figure'?"));
}

}  // namespace repro::config
