#include <algorithm>
#include <catch2/catch.hpp>

#include "cli/repro_process.hpp"
#include "run/records.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

const fs::path kLogs = fs::path(REPRO_TESTS) / "import" / "logs";

TEST_CASE("an imported log is written as records and reports steps, MFU and cost", "[cli]") {
  const TemporaryDirectory folder;
  const Finished imported = run_in(
      folder.path(), {"import", "log", (kLogs / "megatron.log").string(), "--format", "megatron",
                      "--sequence", "1024", "--target", "7.0", "--model", "moe_disco:qwen_full",
                      "--profile", "a100-80g", "--price", "3.6", "--root", kRoot});
  CAPTURE(imported.errors);
  CHECK(imported.exit_code == 0);
  CHECK_THAT(imported.output, Contains("(20 to 30]"));
  CHECK_THAT(imported.output, Contains("MFU, megatron"));
  CHECK_THAT(imported.output, Contains("$0.0333"));  // 33.345 s at a tenth of a cent a second
  const run::Records records =
      run::read_records(folder.path() / "runs" / "import-megatron" / "records.jsonl");
  CHECK(records.steps.size() == 3);
  CHECK(records.evals.size() == 1);
}

TEST_CASE("a log that cannot be judged leaves nothing behind", "[cli]") {
  const TemporaryDirectory folder;
  const Finished refused =
      run_in(folder.path(), {"import", "log", (kLogs / "megatron.log").string(), "--format",
                             "megatron", "--sequence", "1024", "--model", "moe_disco:qwen_ful",
                             "--profile", "a100-80g", "--root", kRoot});
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.errors, Contains("did you mean 'qwen_full'?"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

Finished import_into(const TemporaryDirectory& folder, const std::string& log,
                     std::vector<std::string> options) {
  options.insert(options.begin(), {"import", "log", (kLogs / log).string()});
  return run_in(folder.path(), options);
}

TEST_CASE("an imported log is a run: listed, explained and never overwritten", "[cli]") {
  const TemporaryDirectory folder;
  const auto twice = [&](const char* loss) {
    std::ofstream(folder.path() / "my log.csv")
        << "step,loss,seconds\n10,5.0,1\n20," << loss << ",2\n";
    return run_in(folder.path(), {"import", "log", "my log.csv", "--format", "csv"});
  };
  CHECK_THAT(twice("4.0").output, Contains("runs/import-my_log/records.jsonl"));
  CHECK_THAT(twice("3.0").output, Contains("runs/import-my_log-2/records.jsonl"));
  CHECK_THAT(twice("4.0").output, Contains("runs/import-my_log/records.jsonl"));
  CHECK(run::read_records(folder.path() / "runs/import-my_log/records.jsonl").steps[1].loss == 4);
  CHECK_THAT(run_in(folder.path(), {"status", "--all"}).output,
             Contains("import-my_log-2") && Contains("2 done"));
  CHECK_THAT(run_in(folder.path(), {"explain", "import-my_log-2"}).output,
             Contains("\"my_log.csv\"") && Contains("seconds") && Contains("done"));
  const Finished refused = run_in(folder.path(), {"import", "log", "my log.csv", "--format", "csv",
                                                  "--output", "runs/import-my_log-2"});
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.errors, Contains("holds another run"));
}

TEST_CASE("an import answers by its exit code where a gate asks, and says what the log lacks",
          "[cli]") {
  const TemporaryDirectory folder;
  const auto code = [&](const std::string& log, const std::vector<std::string>& options) {
    return import_into(folder, log, options).exit_code;
  };
  CHECK(code("train.csv", {"--format", "csv", "--target", "1.0"}) == 0);
  CHECK(code("train.csv", {"--format", "csv", "--target", "1.0", "--gate"}) == 3);
  CHECK(code("train.csv", {"--format", "csv", "--target", "7.0", "--gate"}) == 0);
  CHECK(code("train.csv", {"--format", "csv", "--target-valid", "7.0", "--gate"}) == 3);
  CHECK(code("csv_decimal_comma.csv", {"--format", "csv"}) == 7);
  CHECK(code("train.csv", {"--format", "nanogpt"}) == 7);
  const Finished pipeline =
      import_into(folder, "torchtitan_pp.log",
                  {"--format", "torchtitan", "--tokens-per-step", "1000", "--target", "3.0"});
  CHECK(pipeline.exit_code == 6);
  CHECK_THAT(pipeline.output, Contains("steps without a loss (blank or -1)   ") &&
                                  Contains("nothing was logged to compare"));
}

TEST_CASE("validation losses have a target of their own", "[cli]") {
  const TemporaryDirectory folder;
  const Finished titan = import_into(folder, "torchtitan_validate.log",
                                     {"--format", "torchtitan", "--tokens-per-step", "1000",
                                      "--target", "5.0", "--target-valid", "7.0"});
  CHECK(titan.exit_code == 0);
  CHECK_THAT(titan.output, Contains("14 (10 to 20]") && Contains("16 (10 to 20]"));
}

TEST_CASE("a run that diverged ends where its losses did, and its price is to there", "[cli]") {
  const TemporaryDirectory folder;
  const Finished gpt =
      import_into(folder, "nanogpt_eval_time.log",
                  {"--format", "nanogpt", "--tokens-per-step", "16384", "--price", "3.6"});
  CHECK(gpt.exit_code == 0);
  CHECK_THAT(gpt.output, Contains("$0.0850") && Contains("(85 s) to step 21") && Contains("4048") &&
                             Contains("not finite; 3.5000 at step 21"));
}

TEST_CASE("numbers on the command line that are none are usage errors of one line", "[cli]") {
  const TemporaryDirectory folder;
  for (const char* price : {"nan", "-1", "1e18", "inf", "1,5", "3.6x"}) {
    const Finished ended =
        import_into(folder, "train.csv", {"--format", "csv", std::string("--price=") + price});
    CAPTURE(price);
    CHECK(ended.exit_code == 64);
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
  }
  for (const char* option : {"--target=nan", "--tolerance=inf", "--target-valid=1e99"})
    CHECK(import_into(folder, "train.csv", {"--format", "csv", option}).exit_code == 64);
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

TEST_CASE("a compressed log is named as such, with a command that any name can stand in", "[cli]") {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "it's a log.gz") << "\x1f\x8b\x08";
  const Finished ended =
      run_in(folder.path(), {"import", "log", "it's a log.gz", "--format", "nanogpt"});
  CHECK(ended.exit_code == 7);
  CHECK_THAT(ended.errors, Contains("gzip -dc 'it'\\''s a log.gz' > 'it'\\''s a log'"));
}

}  // namespace
}  // namespace repro::cli
