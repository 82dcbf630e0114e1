#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/price_view.hpp"
#include "cli/repro_process.hpp"
#include "config/prices.hpp"
#include "report/machine_table.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

nlohmann::json price(const TemporaryDirectory& folder, std::vector<std::string> options) {
  options.insert(options.begin(), {"price", "table3", "--root", kRoot, "--json"});
  const Finished priced = run_in(folder.path(), options);
  CAPTURE(priced.errors);
  REQUIRE(priced.exit_code == 0);
  return nlohmann::json::parse(priced.output);
}

std::string error_of(const TemporaryDirectory& folder, std::vector<std::string> options,
                     int exit_code) {
  options.insert(options.begin(), {"price"});
  options.insert(options.end(), {"--root", kRoot});
  const Finished priced = run_in(folder.path(), options);
  CHECK(priced.exit_code == exit_code);
  return priced.errors;
}

TEST_CASE("without options table 3 is priced as the paper does, to the cent", "[cli]") {
  const TemporaryDirectory folder;
  const nlohmann::json priced = price(folder, {});
  REQUIRE(priced.at("rows").size() == 6);
  for (const nlohmann::json& row : priced.at("rows")) {
    CHECK(row.at("full_dollars").get<double>() ==
          Approx(row.at("paper_full_dollars").get<double>()).margin(5e-5));
    CHECK(row.at("method_dollars").get<double>() ==
          Approx(row.at("paper_method_dollars").get<double>()).margin(5e-5));
    CHECK(row.at("phases").at(2).at("dollars").is_null());  // an overhead nobody measured
  }
  const Finished text = run_in(folder.path(), {"price", "table3", "--root", kRoot});
  CHECK_THAT(text.output, Contains("not included (n/m)"));
}

TEST_CASE("two prices on the command line give the audit's savings", "[cli]") {
  const TemporaryDirectory folder;
  const nlohmann::json priced =
      price(folder, {"--low", "rtx-4090=0.40", "--high", "a100-80g=0.87"});
  const std::vector<double> savings = {43.5, 0.2, 34.4, 14.1, 28.1, 26.7};
  for (size_t i = 0; i < savings.size(); ++i)
    CHECK(100 * priced.at("rows").at(i).at("saving").get<double>() ==
          Approx(savings[i]).margin(0.05));
}

TEST_CASE("a measured profile prices what it measured and names what it did not", "[cli]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "mine.toml") << R"(name = "mine"
kind = "cpu"
[measured]
date = "2026-02-01"
certified = true
[[measured.steps]]
model = "qwen_moe"
phase = "full"
size = "paper"
precision = "bf16-mixed"
batch = 16
sequence = 1024
seconds = 90.0
[[measured.steps]]
model = "qwen_moe"
phase = "submodel"
size = "paper"
precision = "bf16-mixed"
batch = 16
sequence = 1024
seconds = 60.0
)";
  const nlohmann::json priced = price(folder, {"--profile", "mine.toml=0.05", "--as", "measured"});
  const nlohmann::json& qwen = priced.at("rows").at(0);
  CHECK(qwen.at("evidence") == "calibrated");
  CHECK(qwen.at("full_dollars").get<double>() == Approx(21150 * 90.0 / 3600 * 0.05));
  CHECK(priced.at("rows").at(3).at("evidence") == "none");
  CHECK(priced.at("rows").at(3).at("saving").is_null());
}

TEST_CASE("every number of a priced table is marked by what it rests on", "[cli]") {
  const TemporaryDirectory folder;
  const Finished priced =
      run_in(folder.path(), {"price", "table3", "--root", kRoot, "--high", "h100-sxm=1.87"});
  CHECK(priced.exit_code == 0);
  CHECK_THAT(priced.output, Contains("5.82 ~  2.93 p  1.02 ~"));
  CHECK_THAT(priced.output, Contains("p  published: ") && Contains("~  projected: "));
  CHECK_THAT(priced.output, Contains("the paper's hours x 312 / 989.4 TFLOP/s"));
  CHECK_THAT(priced.output, Contains("too short to be true"));
}

TEST_CASE("bad questions are refused with the way out", "[cli]") {
  const TemporaryDirectory folder;
  CHECK_THAT(error_of(folder, {"table3", "--low", "rtx-4900=0.4"}, 4),
             Contains("did you mean 'rtx-4090'?"));
  CHECK_THAT(error_of(folder, {"table3", "--low", "rtx-4090=0.40EUR"}, 4),
             Contains("must be dollars an hour"));
  CHECK_THAT(error_of(folder, {"table3", "--low", "rtx-4090=-1"}, 4),
             Contains("must be dollars an hour"));
  CHECK_THAT(error_of(folder, {"table3", "--high", "h100-sxm"}, 4),
             Contains("write h100-sxm=PRICE, dollars an hour"));
  CHECK_THAT(error_of(folder, {"table3", "--high", "h100-sxm=2", "--as", "paper"}, 4),
             Contains("use --as measured, or assume the same utilisation with --as projected"));
  CHECK_THAT(error_of(folder, {"table3", "--utilisation", "40"}, 4), Contains("at most 1"));
  CHECK_THAT(error_of(folder, {"table9"}, 4), Contains("tables that can be: table3"));
  CHECK_THAT(error_of(folder, {}, 64), Contains("which table?"));
  CHECK_THAT(error_of(folder, {"table3", "--profile", "cpu=0.05"}, 4),
             Contains("profile 'cpu' has no bf16 peak"));
  CHECK_THAT(error_of(folder, {"table3", "--profile", "cpu=0.05", "--as", "measured"}, 6),
             Contains("no step was measured on 'cpu'"));
}

TEST_CASE("a priced table is written with its curve", "[cli]") {
  const TemporaryDirectory folder;
  run_in(folder.path(), {"price", "table3", "--root", kRoot, "--output", "out"});
  for (const char* file : {"price.md", "price.html", "price.tex", "price.csv", "price.json",
                           "saving.svg", "saving.png"}) {
    CAPTURE(file);
    CHECK(fs::exists(folder.path() / "out" / file));
  }
}

TEST_CASE("price.csv holds numbers or texts, and shares as fractions like price.json", "[cli]") {
  const TemporaryDirectory folder;
  const std::vector<std::string> numbers = {
      "paper_full_dollars", "paper_method_dollars", "paper_saving",   "full_hours",
      "low_hours",          "high_hours",           "full_hours_low", "full_hours_high",
      "low_hours_low",      "low_hours_high",       "high_hours_low", "high_hours_high",
      "saving_timing_low",  "saving_timing_high",   "full_dollars",   "low_dollars",
      "high_dollars",       "method_dollars",       "saving",         "saving_low",
      "saving_high",        "break_even_ratio"};
  run_in(folder.path(), {"price", "table3", "--root", kRoot, "--output", "out"});
  const auto table = report::read_machine_table(read_file(folder.path() / "out/price.csv"));
  report::check_convention(table, numbers);
  const nlohmann::json written = nlohmann::json::parse(read_file(folder.path() / "out/price.json"));
  for (size_t i = 0; i < table.rows.size(); ++i) {
    CHECK(table.column("id").at(i) == written.at("rows").at(i).at("id"));
    CHECK(std::stod(table.column("saving").at(i)) ==
          Approx(written.at("rows").at(i).at("saving").get<double>()));
  }
  CHECK(std::stod(table.column("saving").at(0)) == Approx(0.6947).margin(1e-4));
}

TEST_CASE("what the priced table warns of is in the JSON's doubts", "[cli]") {
  const TemporaryDirectory folder;
  const std::vector<std::string> words = {"price", "table3", "--root",
                                          kRoot,   "--high", "h100-sxm=1.87"};
  const Finished text = run_in(folder.path(), words);
  const nlohmann::json written = price(folder, {"--high", "h100-sxm=1.87"});
  CHECK(written.at("doubts").size() == 2);  // what is not included, hours too short to be true
  for (const nlohmann::json& doubt : written.at("doubts"))
    CHECK_THAT(text.output, Contains(doubt.get<std::string>().substr(0, 40)));
}

TEST_CASE("a break-even far beyond every price does not squeeze the curve", "[cli]") {
  const measure::SavingLine near{.a = 0.8, .b = 1.6}, far{.a = 0.8, .b = 0.001};
  claims::PricedTable table;
  table.low_device = "low";
  table.high_device = "high";
  table.low_price = 0.5;
  table.high_price = 1;
  table.paper_ratio = 0.2;
  for (const measure::SavingLine& line : {near, far}) {
    claims::PricedRow row;
    row.subject = "Model / " + std::to_string(line.b);
    row.priced = true;
    row.line = line;
    table.rows.push_back(row);
  }
  const report::Picture picture = price_picture(table, {});
  REQUIRE(picture.panels.size() == 1);
  CHECK(picture.panels[0].curves[0].points.back().x == Approx(0.55));
  const auto& marks = picture.panels[0].curves;
  const auto even = std::find_if(marks.begin(), marks.end(),
                                 [](const auto& curve) { return curve.label == "break-even"; });
  REQUIRE(even != marks.end());
  CHECK(even->points.size() == 1);
}

TEST_CASE("an uncertified measurement is said in the table, and JSON carries every ground",
          "[cli]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "busy.toml") << R"(name = "busy"
kind = "cpu"
[measured]
date = "2026-02-01"
reason = "load 3.1"
[[measured.gemms]]
dtype = "bf16"
flops = 1e11
[[measured.steps]]
model = "qwen_moe"
phase = "full"
size = "2 of 24 layers"
precision = "bf16-mixed"
batch = 1
sequence = 1024
flops_per_token = 1e8
seconds = 2.0
)";
  const Finished text = run_in(folder.path(), {"price", "table3", "--root", kRoot, "--low",
                                               "rtx-4090", "--high", "busy.toml=0.10"});
  CHECK_THAT(text.output, Contains("profile 'busy' is not certified: load 3.1"));
  CHECK_THAT(text.output, Contains("from one size, in proportion: its error is unknown"));
  const nlohmann::json priced = price(folder, {"--low", "rtx-4090", "--high", "busy.toml=0.10"});
  const nlohmann::json& hours = priced.at("rows").at(0).at("hours");
  CHECK(hours.at("low").at("evidence") == "published");
  CHECK(hours.at("full").at("evidence") == "projected");
  CHECK(hours.at("full").at("hours").get<double>() ==
        Approx(21150 * 2.0 / 3600 * (16384.0 * 14550564864.0) / (1024.0 * 1e8)));
}

TEST_CASE("an imported catalog prices a table, a damaged one writes nothing", "[cli]") {
  const TemporaryDirectory folder;
  const std::string catalog = std::string(REPRO_TESTS) + "/import/catalogs/vast.csv";
  const Finished imported = run_in(
      folder.path(), {"price", "import", catalog, "--provider", "vast", "--date", "2026-01-31"});
  CHECK(imported.exit_code == 0);
  CHECK_THAT(imported.errors, Contains("warning: " + catalog + ":4: 'RTX4090' with 48 GB"));
  const nlohmann::json priced =
      price(folder, {"--low", "rtx-4090", "--high", "a100-80g", "--prices", "vast-2026-01-31.toml",
                     "--offers", "vast-2026-01-31.toml"});
  CHECK(priced.at("high").at("price") == 0.87);
  std::ofstream(folder.path() / "cut.csv") << "AcceleratorName,AcceleratorCount,Price\nH100,1\n";
  const Finished damaged = run_in(
      folder.path(), {"price", "import", "cut.csv", "--provider", "x", "--date", "2026-01-31"});
  CHECK(damaged.exit_code == 4);
  CHECK_THAT(damaged.errors, Contains("cut.csv:2: 2 cells, expected 3"));
  CHECK_FALSE(fs::exists(folder.path() / "x-2026-01-31.toml"));
}

TEST_CASE("a price that is no number, negative or beyond reason is one line", "[cli]") {
  const TemporaryDirectory folder;
  for (const char* price : {"nan", "-1", "0", "inf", "1e18"}) {
    const std::string errors =
        error_of(folder, {"table3", "--low", std::string("rtx-4090=") + price}, 4);
    CHECK_THAT(errors, Contains("must be dollars an hour"));
    CHECK(std::count(errors.begin(), errors.end(), '\n') == 1);
  }
  for (const char* option : {"--utilisation=nan", "--billing-seconds=inf", "--minimum-seconds=-1"})
    error_of(folder, {"table3", option}, 64);
  const std::string catalog = std::string(REPRO_TESTS) + "/import/catalogs/vast.csv";
  CHECK_THAT(error_of(folder, {"import", catalog, "--provider", "x", "--date", "2026-02-30"}, 64),
             Contains("expected the day of the prices"));
}

TEST_CASE("a bad row is warned of and counted, and a plan says which price is missing", "[cli]") {
  const TemporaryDirectory folder;
  const std::string catalog = std::string(REPRO_TESTS) + "/import/catalogs/frac_gpu.csv";
  const Finished imported = run_in(
      folder.path(), {"price", "import", catalog, "--provider", "x", "--date", "2026-01-01"});
  CHECK(imported.exit_code == 0);
  CHECK_THAT(imported.output,
             Contains("1 offers of 2 rows, 1 skipped") && Contains("1 of them not readable"));
  CHECK_THAT(imported.errors, Contains("frac_gpu.csv:3: AcceleratorCount = '0.25'"));
  const Finished plan = run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", "mini",
                                               "--prices", "x-2026-01-01.toml"});
  CAPTURE(plan.errors);
  CHECK(plan.exit_code == 0);
  CHECK_THAT(plan.output, Contains("snapshot 'x-2026-01-01' has no price of rtx-4090") &&
                              Contains("--prices FILE.toml") && !Contains("all devices: $"));
}

}  // namespace
}  // namespace repro::cli
