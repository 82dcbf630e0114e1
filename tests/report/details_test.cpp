#include "report/details.hpp"

#include "measure/flops.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {
namespace {

constexpr size_t kMeasure = 2, kSpeed = 3, kMegatron = 10;  // columns

// The fixture's runs on a machine with these peaks, FLOP/s.
Table utilisation_at(double measured, double sheet) {
  const TemporaryDirectory folder;
  const plan::Plan plan = plan_of({});
  write_runs(plan, {}, folder.path());
  findings::Sources sources = sources_of(folder.path());
  config::Profile machine;
  machine.name = "here";
  if (measured > 0) machine.measured.gemms = {{.dtype = "bf16", .flops = measured}};
  if (sheet > 0)
    machine.peaks = {{.dtype = "bf16", .accumulate = "fp32", .flops = sheet, .source = "s"}};
  sources.machine = machine;
  return utilisation(Study(plan, sources));
}

const TableRow& row_of(const Table& table, const std::string& measure) {
  for (const TableRow& row : table.rows)
    if (row.cells[kMeasure].text == measure) return row;
  FAIL("no row of " << measure);
  return table.rows.front();
}

std::string footnote(const Table& table, const std::string& mark) {
  for (const Footnote& note : table.footnotes)
    if (note.mark == mark) return note.text;
  return "";
}

}  // namespace

TEST_CASE("utilisation is FLOPs a token x tokens a second over each peak of the machine",
          "[report]") {
  const Table table = utilisation_at(200e9, 400e9);
  const config::ModelConfig model;
  const double achieved = 10240 * static_cast<double>(measure::flops_per_token(
                                      measure::Convention::megatron, model, 64));
  CHECK(*row_of(table, "achieved GFLOP/s").cells[kSpeed].value == Approx(10240));
  CHECK(*row_of(table, "achieved GFLOP/s").cells[kMegatron].value == Approx(achieved / 1e9));
  CHECK(*row_of(table, "MFU of measured GEMM").cells[kMegatron].value == Approx(achieved / 200e9));
  CHECK(*row_of(table, "MFU of data sheet").cells[kMegatron].value == Approx(achieved / 400e9));
  CHECK(row_of(table, "MFU of data sheet").cells[kMegatron].mark.empty());
  CHECK(table.notes[0] == "measured GEMM, bf16: 200 GFLOP/s");
}

TEST_CASE("a utilisation above three quarters is marked suspect, above the peak impossible",
          "[report]") {
  const config::ModelConfig model;
  const double achieved = 10240 * static_cast<double>(measure::flops_per_token(
                                      measure::Convention::megatron, model, 64));
  const Table table = utilisation_at(achieved / 0.8, achieved / 1.1);
  const auto mark = [&](const char* measure) {
    return footnote(table, row_of(table, measure).cells[kMegatron].mark);
  };
  CHECK(mark("MFU of measured GEMM") == "suspect: more than 75 % of the peak on one device");
  CHECK(mark("MFU of data sheet") == "impossible: more than the peak");
}

TEST_CASE("a peak that nobody knows gives no utilisation and says why", "[report]") {
  const Table table = utilisation_at(0, 0);
  for (const TableRow& row : table.rows) CHECK(row.cells[kMeasure].text == "achieved GFLOP/s");
  CHECK(table.notes[0] == "MFU of measured GEMM: null: no bf16 GEMM was measured on here");
  CHECK(table.notes[1] ==
        "MFU of data sheet: null: profile 'here' has no bf16 peak with fp32 accumulation");
}

}  // namespace repro::report
