#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {

using Catch::Contains;
using nlohmann::json;

TEST_CASE("runs go to a database, to event files and to a store, and overwrite nothing", "[cli]") {
  const TemporaryDirectory folder;
  fs::copy(fs::path(kRoot) / "docs/example", folder.path() / "root", fs::copy_options::recursive);
  const fs::path worker = write_worker(folder, "finish");
  const Finished run =
      run_in(folder.path(), {"run", "table1", "--scale", "tiny", "--root", "root"}, worker);
  INFO(run.output << run.errors);
  REQUIRE(run.exit_code == 0);
  const Finished database = run_in(folder.path(), {"export", "sqlite", "runs.db", "--json"});
  INFO(database.errors);
  REQUIRE(database.exit_code == 0);
  const json said = json::parse(database.output);
  CHECK(said.at("runs") > 3);
  CHECK(said.at("steps") > 10);
  CHECK(fs::file_size(folder.path() / "runs.db") > 4096);
  CHECK(run_in(folder.path(), {"export", "tensorboard", "curves"}).exit_code == 0);
  CHECK(run_in(folder.path(), {"export", "mlflow", "mlruns", "--experiment", "t"}).exit_code == 0);
  for (const auto& [kind, place] :
       {std::pair{"sqlite", "runs.db"}, {"tensorboard", "curves"}, {"mlflow", "mlruns"}}) {
    const Finished again = run_in(folder.path(), {"export", kind, place});
    CHECK(again.exit_code == 4);
    CHECK_THAT(again.errors, Contains("is there already"));
  }
  CHECK(run_in(folder.path(), {"export", "sqlite", "one.db", "no-such"}).exit_code == 4);
  fs::create_directories(folder.path() / "empty");
  CHECK(run_in(folder.path(), {"export", "sqlite", "e.db", "--runs", "empty"}).exit_code == 6);
  CHECK_FALSE(fs::exists(folder.path() / "e.db"));
}

}  // namespace repro::cli
