#include "cli/check_log.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/unicode.hpp"
#include "check/mlperf_rules.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"

namespace repro::cli {
namespace {

constexpr uintmax_t kMostLogBytes = 1 << 30;

void add_problems(report::Table& table, const std::vector<checks::LogProblem>& problems,
                  const char* kind) {
  for (const checks::LogProblem& problem : problems)
    table.add({std::string(kind),
               problem.line > 0 ? report::TableCell(std::to_string(problem.line),
                                                    static_cast<double>(problem.line))
                                : report::TableCell("-"),
               problem.key.empty() ? "-" : problem.key, problem.what});
}

report::Table log_table(const fs::path& file, const checks::LogReport& found) {
  using report::Align;
  report::Table table{.title = fmt::format("{}: {} lines, {} errors, {} warnings", file.string(),
                                           found.lines, found.errors.size(), found.warnings.size()),
                      .columns = {{.heading = "", .align = Align::left, .key = "kind"},
                                  {.heading = "line"},
                                  {.heading = "key", .align = Align::left},
                                  {.heading = "what is wrong", .align = Align::left}}};
  add_problems(table, found.errors, "error");
  add_problems(table, found.warnings, "warning");
  return table;
}

}  // namespace

Exit LogCheck::run(const Context& context) const {
  std::error_code unknown;
  if (fs::file_size(file, unknown) > kMostLogBytes && !unknown)
    throw Error("{}: is larger than {}; cut the lines with :::MLLOG out of it", file.string(),
                human_bytes(static_cast<double>(kMostLogBytes)));
  const checks::LogReport found = checks::check_mlperf_log(read_file(file));
  const report::Table table = log_table(file, found);
  if (context.json)
    print(report::to_json(table));
  else if (table.rows.empty())
    say("{}\n", table.title);
  else
    print(table);
  const bool good = found.passes() && (!strict || found.warnings.empty());
  return good ? Exit::ok : Exit::bad_log;
}

std::shared_ptr<LogCheck> add_check_log(Program& program, CLI::App& check) {
  auto log = std::make_shared<LogCheck>();
  log->verb = &program.add_verb(
      check, "log", "does a log of :::MLLOG lines keep the rules of MLPerf training 6.1?",
      "  repro check log runs/train-a/mlperf.log\n"
      "The rules that hold for every benchmark, not one benchmark's own. A log that breaks one "
      "ends "
      "with 7.\nIt needs evaluations on the way: a training has them with evaluate.every set.");
  log->verb->add_option("file", log->file, "the log")->required();
  log->verb->add_flag("--strict", log->strict, "a warning is an error");
  return log;
}

}  // namespace repro::cli
