#include "import/loss_file.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::imports {
namespace {

using Catch::Contains;

const fs::path kFiles = fs::path(REPRO_TESTS) / "check/loss_files";

std::optional<LossFile> read_text_as_file(const std::string& text) {
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "losses", text);
  return read_loss_file(folder.path() / "losses");
}

}  // namespace

TEST_CASE("Megatron's goldens keep every digit, or the 5 decimals that they were rounded to",
          "[import]") {
  const LossFile full = *read_loss_file(kFiles / "megatron_full.json");
  CHECK(full.format == "megatron-golden");
  const MetricValues& loss = full.metrics.at("lm loss");
  CHECK(loss.steps == std::vector<int64_t>{1, 2, 3, 4});
  CHECK(loss.values[0] == 10.984320640563965);
  CHECK(loss.decimals == -1);
  const LossFile older = *read_loss_file(kFiles / "megatron_legacy.json");
  const MetricValues& legacy = older.metrics.at("lm loss");
  CHECK(legacy.decimals == 5);
  CHECK(legacy.steps == std::vector<int64_t>{1, 2, 10});  // by number, not by letter
  CHECK(std::isnan(legacy.values[1]));
}

TEST_CASE("torchtitan's losses are read with and without a head", "[import]") {
  const LossFile old = *read_loss_file(kFiles / "titan_old.txt");
  CHECK(old.metrics.at("loss").values[0] == 7.60442590713501);
  CHECK_FALSE(old.metrics.contains("grad_norm"));
  const LossFile fresh = *read_loss_file(kFiles / "titan_new.txt");
  CHECK(fresh.settings.at("parallelism") == "fsdp=8");
  CHECK(fresh.metrics.at("grad_norm").values == std::vector<double>{1.25, 1.5});
}

TEST_CASE("a file of neither is left to others", "[import]") {
  CHECK_FALSE(read_text_as_file("step,loss\n1,2\n"));
  CHECK_FALSE(read_text_as_file("hello\n1 2\n"));
  CHECK_FALSE(read_text_as_file(""));
  CHECK_FALSE(read_text_as_file("{\"log_history\": []}"));
  CHECK_FALSE(read_text_as_file("{}"));
  CHECK_FALSE(read_text_as_file("{"));
}

TEST_CASE("a damaged loss file is told with its place", "[import]") {
  CHECK_THROWS_WITH(read_text_as_file("1 2\n2 x\n"), Contains("losses:2: '2 x': expected a step"));
  CHECK_THROWS_WITH(read_text_as_file("1 2\n1 3\n"), Contains("losses:2: step 1 after step 1"));
  CHECK_THROWS_WITH(read_text_as_file("1 2\n2 3 4\n"), Contains("expected a step and 1 numbers"));
  CHECK_THROWS_WITH(read_text_as_file("{\"a\": {\"values\": {\"x\": 1}}}"), Contains("no step"));
  CHECK_THROWS_WITH(read_text_as_file("{\"a\": {\"values\": {\"1\": \"big\"}}}"),
                    Contains("neither a number nor"));
  CHECK_THROWS_WITH(read_text_as_file("{\"a\": {\"end_step\": 9, \"values\": {\"1\": 2}}}"),
                    Contains("ends at step 1, its head says 9"));
  CHECK_THROWS_WITH(read_text_as_file("{\"lm loss\": {\"values\": {}}}"),
                    Contains("'lm loss' has no values"));
}

}  // namespace repro::imports
