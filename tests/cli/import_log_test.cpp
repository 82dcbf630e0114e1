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

}  // namespace
}  // namespace repro::cli
