#include "trackers/sqlite.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "trackers/tracked_fake.hpp"

namespace repro::trackers {
namespace {

// The cells of the only row that a question has.
std::vector<std::string> ask(const fs::path& path, const std::string& question) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  std::vector<std::string> cells;
  const auto keep = [](void* to, int n, char** values, char**) {
    for (int i = 0; i < n; ++i)
      static_cast<std::vector<std::string>*>(to)->push_back(values[i] ? values[i] : "NULL");
    return 0;
  };
  CHECK(sqlite3_exec(database, question.c_str(), keep, &cells, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return cells;
}

}  // namespace

TEST_CASE("every record of a run is a row, with all its digits", "[trackers]") {
  const FakeStore store;
  const fs::path path = store.path() / "runs.db";
  write_sqlite({store.track("train-a")}, path);
  CHECK(ask(path, "pragma integrity_check")[0] == "ok");
  CHECK(ask(path, "pragma user_version")[0] == std::to_string(kSqliteSchema));
  CHECK(ask(path, "select kind, state, started_seconds from runs") ==
        std::vector<std::string>{"train", "done", "1769860800"});
  CHECK(ask(path, "select count(*), loss = 4.100000000000001 from steps where step = 3") ==
        std::vector<std::string>{"1", "1"});
  CHECK(ask(path, "select split, loss, bits_per_byte from evals") ==
        std::vector<std::string>{"valid", "4.5", "2.0"});
  CHECK(ask(path, "select number, value from results where path = 'measures.unseen.loss'") ==
        std::vector<std::string>{"4.25", "NULL"});
  CHECK(ask(path, "select value from settings where path = 'spec.optimizer.lr'")[0] == "0.001");
  CHECK(ask(path, "select value from environment where path = 'cpu.model'")[0] == "A");
}

TEST_CASE("a database is written whole or not at all", "[trackers]") {
  const FakeStore store;
  const TrackedRun run = store.track("train-a");
  // One directory twice breaks a rule of the tables.
  CHECK_THROWS_AS(write_sqlite({run, run}, store.path() / "runs.db"), Error);
  CHECK_FALSE(fs::exists(store.path() / "runs.db"));
  CHECK_THROWS_AS(write_sqlite({run}, store.path() / "no/runs.db"), Error);
  for (const auto& entry : fs::directory_iterator(store.path()))
    CHECK(entry.path().filename().string().find(".tmp") == std::string::npos);
}

TEST_CASE("the tables that are made are those that docs/sqlite.md shows", "[trackers]") {
  const std::string page = read_file(fs::path(REPRO_TESTS).parent_path() / "docs/sqlite.md");
  CHECK(page.find(std::string(trim(sqlite_tables()))) != std::string::npos);
}

}  // namespace repro::trackers
