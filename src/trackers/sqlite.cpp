#include "trackers/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstddef>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro::trackers {
namespace {

[[noreturn]] void fail(const fs::path& path, sqlite3* database) {
  throw Error(Exit::run_failed, "{}: cannot be written: {}", path.string(),
              database == nullptr ? "out of memory" : sqlite3_errmsg(database));
}

class Database {
 public:
  explicit Database(const fs::path& path) : path_(path) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        nullptr) != SQLITE_OK) {
      const std::string why = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
      sqlite3_close(handle_);
      throw Error(Exit::run_failed, "{}: cannot be written: {}", path.string(), why);
    }
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* statements) {
    if (sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
  }
  [[noreturn]] void fail() const { trackers::fail(path_, handle_); }
  sqlite3* handle() const { return handle_; }

 private:
  fs::path path_;
  sqlite3* handle_ = nullptr;
};

// "INSERT INTO table VALUES (?, ...)", run once a row.
class Insert {
 public:
  Insert(Database& database, const char* table, int columns) : database_(database) {
    std::string text = fmt::format("INSERT INTO {} VALUES (", table);
    for (int i = 0; i < columns; ++i) text += i > 0 ? ", ?" : "?";
    text += ")";
    if (sqlite3_prepare_v2(database.handle(), text.c_str(), -1, &statement_, nullptr) != SQLITE_OK)
      database.fail();
  }
  ~Insert() { sqlite3_finalize(statement_); }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;

  template <class... Values>
  void row(const Values&... values) {
    int column = 0;
    (bind(++column, values), ...);
    if (sqlite3_step(statement_) != SQLITE_DONE) database_.fail();
    sqlite3_reset(statement_);
  }

 private:
  void bind(int column, int64_t value) { check(sqlite3_bind_int64(statement_, column, value)); }
  void bind(int column, double value) { check(sqlite3_bind_double(statement_, column, value)); }
  void bind(int column, std::nullptr_t) { check(sqlite3_bind_null(statement_, column)); }
  void bind(int column, const std::string& value) {
    check(sqlite3_bind_text64(statement_, column, value.data(), value.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
  }
  void check(int code) const {
    if (code != SQLITE_OK) database_.fail();
  }

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

// The inserts of all tables.
struct Tables {
  explicit Tables(Database& database)
      : runs(database, "runs", 9),
        inputs(database, "inputs", 3),
        settings(database, "settings", 3),
        environment(database, "environment", 3),
        results(database, "results", 4),
        steps(database, "steps", 13),
        evals(database, "evals", 6) {}
  Insert runs, inputs, settings, environment, results, steps, evals;
};

void insert_facts(Tables& tables, int64_t id, const TrackedRun& run) {
  tables.runs.row(id, run.directory, run.name, run.kind, run.key, run.state, run.failure,
                  run.started, run.started_seconds);
  for (const auto& [role, directory] : run.inputs) tables.inputs.row(id, role, directory);
  for (const auto& [path, value] : run.settings) tables.settings.row(id, path, value);
  for (const auto& [path, value] : run.environment) tables.environment.row(id, path, value);
  for (const auto& [path, value] : run.numbers) tables.results.row(id, path, value, nullptr);
  for (const auto& [path, value] : run.texts) tables.results.row(id, path, nullptr, value);
}

void insert_records(Tables& tables, int64_t id, const run::Records& records) {
  for (const run::StepRecord& step : records.steps)
    tables.steps.row(id, step.step, step.tokens, step.loss, step.lm_loss, step.aux_loss, step.lr,
                     step.grad_norm, step.clocks.train, step.clocks.eval, step.clocks.checkpoint,
                     step.clocks.other, fmt::format("{:016x}", step.data_hash));
  for (const run::EvalRecord& eval : records.evals)
    tables.evals.row(id, eval.step, eval.split, eval.loss, eval.tokens, eval.bits_per_byte);
}

void fill(const fs::path& path, const std::vector<TrackedRun>& runs) {
  Database database(path);
  // The file takes its place only when it is whole: it needs no journal of its own.
  database.run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
  database.run(sqlite_tables());
  database.run(fmt::format("PRAGMA user_version = {}", kSqliteSchema).c_str());
  {
    Tables tables(database);
    for (size_t i = 0; i < runs.size(); ++i) {
      const auto id = static_cast<int64_t>(i) + 1;
      insert_facts(tables, id, runs[i]);
      insert_records(tables, id, runs[i].records);
    }
  }
  database.run("COMMIT");
}

}  // namespace

const char* sqlite_tables() {
  return R"sql(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, directory TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
  key TEXT NOT NULL, state TEXT NOT NULL, failure TEXT NOT NULL, started TEXT NOT NULL,
  started_seconds INTEGER NOT NULL);
CREATE TABLE inputs (
  run INTEGER NOT NULL REFERENCES runs (id), role TEXT NOT NULL, directory TEXT NOT NULL,
  PRIMARY KEY (run, role)) WITHOUT ROWID;
CREATE TABLE settings (
  run INTEGER NOT NULL REFERENCES runs (id), path TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (run, path)) WITHOUT ROWID;
CREATE TABLE environment (
  run INTEGER NOT NULL REFERENCES runs (id), path TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (run, path)) WITHOUT ROWID;
CREATE TABLE results (
  run INTEGER NOT NULL REFERENCES runs (id), path TEXT NOT NULL, number REAL, value TEXT,
  PRIMARY KEY (run, path)) WITHOUT ROWID;
CREATE TABLE steps (
  run INTEGER NOT NULL REFERENCES runs (id), step INTEGER NOT NULL, tokens INTEGER NOT NULL,
  loss REAL, lm_loss REAL, aux_loss REAL, lr REAL, grad_norm REAL, train_seconds REAL,
  eval_seconds REAL, checkpoint_seconds REAL, other_seconds REAL, data_hash TEXT NOT NULL,
  PRIMARY KEY (run, step)) WITHOUT ROWID;
CREATE TABLE evals (
  run INTEGER NOT NULL REFERENCES runs (id), step INTEGER NOT NULL, split TEXT NOT NULL,
  loss REAL, tokens INTEGER NOT NULL, bits_per_byte REAL,
  PRIMARY KEY (run, step, split)) WITHOUT ROWID;
)sql";
}

void write_sqlite(const std::vector<TrackedRun>& runs, const fs::path& path) {
  const fs::path half = path.string() + fmt::format(".tmp{}", ::getpid());
  fs::remove(half);
  try {
    fill(half, runs);
  } catch (...) {
    std::error_code ignored;
    fs::remove(half, ignored);
    throw;
  }
  fs::rename(half, path);
}

}  // namespace repro::trackers
