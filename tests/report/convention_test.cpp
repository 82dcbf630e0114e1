// docs/tables.md, told to a reader that cleans nothing.

#include <regex>
#include <set>

#include "base/text.hpp"
#include "report/fixture_runs.hpp"
#include "report/machine_table.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

using nlohmann::json;

// table.csv and report.json of a view, of runs in which one cell does not reach the target.
struct Written {
  MachineTable table;
  json report;
};
Written written(const std::string& view, bool with_runs = true) {
  const TemporaryDirectory folder;
  Fixture fixture;
  fixture.tune_loss = [](const std::string& corpus, int64_t steps, int64_t) {
    return corpus == "c4" && steps > 20 ? 5.0 : 5.4;
  };
  plan::Plan plan = plan_of(fixture);
  plan.experiment.view = plan.experiment.name = view;
  if (with_runs) write_runs(plan, fixture, folder.path());
  ReportOptions options;
  options.formats = {Format::csv, Format::json};
  const Report report = render(plan, sources_of(folder.path()), options);
  return {read_machine_table(read_file(report.files.at(0))),
          json::parse(read_file(report.files.at(1)))};
}

// Every object that has this key, wherever it stands.
void collect(const json& value, const std::string& key, std::vector<json>& found) {
  if (value.is_object() && value.contains(key)) found.push_back(value);
  if (value.is_structured())
    for (const json& member : value) collect(member, key, found);
}

}  // namespace

TEST_CASE("a column of table.csv holds numbers or texts, and no text is blank", "[report]") {
  for (const char* view : {"table1", "table3", "table6"}) {
    const MachineTable table = written(view).table;
    INFO(view);
    check_convention(table, {"paper", "here", "low", "high", "here_over_paper"});
    CHECK(table.has_number("here"));
    CHECK(table.has_number("here_over_paper"));
    for (const std::string& word : table.column("stand_in")) CHECK(word == "true");
  }
  check_convention(written("table3", /*with_runs=*/false).table,
                   {"paper", "here", "low", "high", "here_over_paper"});
}

TEST_CASE("a share is a fraction wherever a unit says what a number is in", "[report]") {
  const Written files = written("table3");
  const std::vector<std::string> units = files.table.column("unit");
  const std::vector<std::string> values = files.table.column("paper");
  CHECK(std::count(units.begin(), units.end(), "fraction") > 0);
  CHECK(std::count(units.begin(), units.end(), "%") == 0);
  for (size_t i = 0; i < units.size(); ++i)
    if (units[i] == "fraction") CHECK(std::stod(values[i]) < 1);
  std::vector<json> with_unit;
  collect(files.report, "unit", with_unit);
  CHECK(with_unit.size() == 2 * units.size());  // the findings, and the page's table of them
  for (const json& one : with_unit) {
    const json& unit = one.at("unit");
    CHECK((unit.is_object() ? unit.at("text") : unit) != "%");
  }
}

TEST_CASE("a bound is said in a word of its own, and an open end is no number", "[report]") {
  const Written files = written("table3");
  const auto bounds = files.table.column("bound");
  CHECK(std::count(bounds.begin(), bounds.end(), "<=") > 0);
  CHECK(std::count(bounds.begin(), bounds.end(), "=") > 0);
  for (const json& finding : files.report.at("findings"))
    if (finding.at("id") == "table3:qwen_moe:wikitext2:saving") {
      CHECK(finding.at("bound") == "<=");
      CHECK(finding.at("range").at(0).is_null());
      CHECK(finding.at("range").at(1).is_number());
    }
}

TEST_CASE("every row of a table in report.json is whole, and its keys are words", "[report]") {
  const std::regex word("[a-z0-9]+(_[a-z0-9]+)*");
  for (const char* view : {"table1", "table3", "table6"}) {
    const json report = written(view).report;
    for (const json& row : report.at("table").at("rows")) {
      CHECK(row.at("model").at("text") == "Qwen");
      CHECK(row.at("verdict").at("text") != "");
    }
    std::vector<json> tables;
    collect(report, "columns", tables);
    CHECK(tables.size() > 5);
    for (const json& table : tables) {
      std::set<std::string> keys;
      for (const json& column : table.at("columns")) {
        const std::string key = column.at("key");
        CHECK(std::regex_match(key, word));
        CHECK(keys.insert(key).second);
      }
    }
  }
}

TEST_CASE("what the text warns of is in the list of doubts", "[report]") {
  const json report = written("table3").report;
  const auto doubted = [&](const std::string& part) {
    return std::any_of(
        report.at("doubts").begin(), report.at("doubts").end(),
        [&](const json& line) { return line.get<std::string>().find(part) != std::string::npos; });
  };
  CHECK(doubted("STAND-IN corpora web/wiki"));
  CHECK(doubted("a100-80g is taken to be 1.89x as fast"));
  CHECK(doubted("baseline: not checked"));
  CHECK(doubted("Qwen / WikiText-2 > wiki: not reached"));
}

}  // namespace repro::report
