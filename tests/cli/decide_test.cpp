#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

nlohmann::json answer_of(const TemporaryDirectory& folder, std::vector<std::string> options) {
  options.insert(options.end(), {"--root", kRoot, "--json"});
  const Finished finished = run_in(folder.path(), options);
  CAPTURE(finished.errors);
  REQUIRE(finished.exit_code == 0);
  return nlohmann::json::parse(finished.output);
}

// A device that timed the steps of both models, whole and of one expert.
void write_profile(const TemporaryDirectory& folder, const std::string& name, double seconds) {
  std::ofstream file(folder.path() / (name + ".toml"));
  file << "name = \"" << name << "\"\nkind = \"gpu\"\nmemory_bytes = 400000000000\n"
       << "[measured]\ndate = \"2026-02-01\"\ncertified = true\n";
  for (const char* model : {"qwen_moe", "llama_moe"})
    for (const char* shape : {"full", "one-expert"})
      file << "[[measured.steps]]\nmodel = \"" << model << "\"\nshape = \"" << shape
           << "\"\nsize = \"paper\"\nprecision = \"bf16-mixed\"\nbatch = 16\nsequence = 1024\n"
           << "seconds = " << (std::string(shape) == "full" ? seconds : 0.6 * seconds) << "\n";
}

const nlohmann::json& placed(const nlohmann::json& answer, const std::string& first,
                             const std::string& last) {
  for (const nlohmann::json& option : answer.at("options"))
    if (option.at("placement") == nlohmann::json{first, last}) return option;
  FAIL("no placement of " << first << " and " << last);
  return answer;
}

TEST_CASE("machines at prices are answered in one sentence, with what would turn it", "[cli]") {
  const TemporaryDirectory folder;
  const Finished decided = run_in(folder.path(), {"decide", "--have", "8xl40s=0.79", "--have",
                                                  "h100-sxm=2.99", "--root", kRoot});
  CHECK(decided.exit_code == 0);
  CAPTURE(decided.errors);
  CHECK_THAT(decided.output, Catch::StartsWith("Depends: MoE-DisCo (") ||
                                 Catch::StartsWith("No: ") || Catch::StartsWith("Yes: "));
  CHECK_THAT(decided.output,
             Contains("it pays where") && Contains("no evidence of the speed of l40s"));
  CHECK_THAT(decided.output, Contains("nanochat-2026-01") && Contains("2026-01-31"));
}

TEST_CASE("each phase says whether it fits, and what its speed rests on", "[cli]") {
  const TemporaryDirectory folder;
  const nlohmann::json answer =
      answer_of(folder, {"decide", "--have", "8xl40s=0.79", "--have", "h100-sxm=2.99"});
  CHECK(answer.at("options").size() == 4);
  CHECK(answer.at("baselines").size() == 2);
  const nlohmann::json& run = answer.at("baselines").at(1).at("cells").at(0).at("phases").at(0);
  CHECK(run.at("fits") == true);
  CHECK(run.at("micro_batch") >= 1);
  CHECK(run.at("evidence") == "projected");
  CHECK(run.at("nearest").at(0).at("distance") <= 1.25);
  CHECK(answer.at("baselines").at(0).at("evidence") == false);
  for (const nlohmann::json& cell : answer.at("cells"))
    CHECK(cell.at("arms").at(0).at("from") == "the paper");
}

TEST_CASE("on measured devices the dollars and savings are those of price, to the digit", "[cli]") {
  const TemporaryDirectory folder;
  write_profile(folder, "cheap", 90);
  write_profile(folder, "dear", 60);
  const nlohmann::json priced = answer_of(folder, {"price", "table3", "--low", "cheap.toml=0.35",
                                                   "--high", "dear.toml=2.28", "--as", "measured"});
  const nlohmann::json answer = answer_of(
      folder, {"decide", "table3", "--have", "4xcheap.toml=0.35", "--have", "dear.toml=2.28"});
  const nlohmann::json& option = placed(answer, "cheap", "dear");
  const nlohmann::json& full = answer.at("baselines").at(1);
  for (size_t i = 0; i < 6; ++i) {
    CAPTURE(i);
    const nlohmann::json& row = priced.at("rows").at(i);
    CHECK(option.at("cells").at(i).at("cell") == row.at("id"));
    const nlohmann::json& phases = option.at("cells").at(i).at("phases");
    const double full_dollars =
        2.28 *
        full.at("cells").at(i).at("phases").at(0).at("device_hours").at("expected").get<double>();
    const double method_dollars =
        0.35 * phases.at(0).at("device_hours").at("expected").get<double>() +
        2.28 * phases.at(1).at("device_hours").at("expected").get<double>();
    CHECK(full_dollars == Approx(row.at("full_dollars").get<double>()));
    CHECK(method_dollars == Approx(row.at("method_dollars").get<double>()));
    CHECK(1 - method_dollars / full_dollars == Approx(row.at("saving").get<double>()));
  }
}

TEST_CASE("one cell by hand: steps by seconds by price", "[cli]") {
  const TemporaryDirectory folder;
  write_profile(folder, "mine", 90);
  const nlohmann::json answer =
      answer_of(folder, {"decide", "table3", "--have", "4xmine.toml=0.05"});
  const nlohmann::json& option = placed(answer, "mine", "mine");
  const nlohmann::json& cell = option.at("cells").at(0);  // Qwen on C4
  const double full = 21150 * 90.0 / 3600 * 0.05;
  const double method = (4 * 4200 * 54.0 + 4100 * 90.0) / 3600 * 0.05;
  const nlohmann::json& against = cell.at("against_best");
  CHECK(against.at("baseline").at("expected").get<double>() == Approx(full));
  CHECK(against.at("method").at("expected").get<double>() == Approx(method));
  CHECK(against.at("saving").at("expected").get<double>() == Approx(1 - method / full));
  // The last phase may take what the first leaves.
  CHECK(against.at("break_even_last_phase").get<double>() ==
        Approx((21150 * 90.0 - 4 * 4200 * 54.0) / (4100 * 90.0)));
  CHECK(answer.at("cells").at(0).at("arms").at(0).at("last_phase").get<double>() ==
        Approx(4100.0 / 21150));
}

TEST_CASE("a longer last phase and the fastest placement are asked for by options", "[cli]") {
  const TemporaryDirectory folder;
  write_profile(folder, "mine", 90);
  const nlohmann::json longer =
      answer_of(folder, {"decide", "--have", "4xmine.toml=0.05", "--share", "0.75"});
  CHECK(longer.at("cells").at(0).at("arms").at(0).at("last_phase") == 0.75);
  CHECK(longer.at("cells").at(0).at("arms").at(0).at("from") == "given");
  const nlohmann::json fastest =
      answer_of(folder, {"decide", "--have", "4xmine.toml=0.05", "--want", "fastest"});
  CHECK(fastest.at("want") == "fastest");
  CHECK(fastest.at("baselines").at(0).at("cells").at(0).at("phases").at(0).at("devices_a_job") ==
        4);
}

TEST_CASE("a device without a price takes the latest snapshot's, and one that nobody offers none",
          "[cli]") {
  const TemporaryDirectory folder;
  const nlohmann::json answer = answer_of(folder, {"decide", "--have", "h100-sxm"});
  CHECK(answer.at("pools").at(0).at("price").get<double>() == Approx(4.76));  // 2026-03-10
  const nlohmann::json named =
      answer_of(folder, {"decide", "--have", "h100-sxm", "--prices", "llm-c-2024-07"});
  CHECK(named.at("pools").at(0).at("price").get<double>() == Approx(3.5));
  CHECK(named.at("snapshots").size() == 1);
}

TEST_CASE("the same answer is given at every price that is known, with its date", "[cli]") {
  const TemporaryDirectory folder;
  const nlohmann::json answer =
      answer_of(folder, {"decide", "--have", "8xl40s=0.79", "--have", "h100-sxm=2.99"});
  size_t dated = 0;
  for (const nlohmann::json& one : answer.at("snapshots")) {
    CHECK(one.at("saving").get<double>() ==
          Approx(1 - one.at("method_dollars").get<double>() /
                         one.at("baseline_dollars").get<double>()));
    dated += one.at("date") == "not stated" ? 0 : 1;
  }
  CHECK(dated >= 2);
}

TEST_CASE("the self-test of published throughputs is shown and meets its goal", "[cli]") {
  const TemporaryDirectory folder;
  const Finished shown = run_in(folder.path(), {"decide", "--selftest", "--root", kRoot});
  CHECK(shown.exit_code == 0);
  CHECK_THAT(shown.output, Contains("lie inside their interval") && Contains("no evidence"));
  const nlohmann::json test = answer_of(folder, {"decide", "--selftest"});
  CHECK(test.at("inside").get<double>() >= 0.9 * test.at("with_evidence").get<double>());
  CHECK(test.at("median_error").get<double>() < 0.15);
}

TEST_CASE("questions that cannot be answered are refused with the way out", "[cli]") {
  const TemporaryDirectory folder;
  const auto refused = [&](std::vector<std::string> options, int code) {
    options.insert(options.begin(), "decide");
    options.insert(options.end(), {"--root", kRoot});
    const Finished finished = run_in(folder.path(), options);
    CAPTURE(finished.output);
    CHECK(finished.exit_code == code);
    return finished.errors;
  };
  CHECK_THAT(refused({}, 64), Contains("which devices?"));
  CHECK_THAT(refused({"--have", "8xl4os=0.79"}, 4), Contains("did you mean 'l40s'?"));
  CHECK_THAT(refused({"--have", "0xl40s=0.79"}, 4), Contains("how many?"));
  CHECK_THAT(refused({"--have", "l40s=free"}, 4), Contains("must be dollars an hour"));
  CHECK_THAT(refused({"--have", "l40s=1", "--have", "2xl40s=1"}, 4), Contains("given twice"));
  CHECK_THAT(refused({"--have", "mi300x"}, 4), Contains("no snapshot has a price of 'mi300x'"));
  CHECK_THAT(refused({"--have", "l4=0.4", "--want", "best"}, 64), Contains("--want"));
  // A model that no device holds.
  CHECK_THAT(run_in(folder.path(), {"decide", "--have", "l4=0.4", "--root", kRoot}).output,
             Catch::StartsWith("No: not even the baseline can be trained there: ") &&
                 Contains("does not fit"));
}

}  // namespace
}  // namespace repro::cli
