#include "findings/outcomes.hpp"

#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::findings {
namespace {

// Reads the runs of a fixture, in the result of whose first job of this kind `path` is `value`.
void read_with(const std::string& kind, const std::string& path, const nlohmann::json& value) {
  const TemporaryDirectory folder;
  const plan::Plan plan = report::plan_of({});
  report::write_runs(plan, {}, folder.path());
  for (const run::Job& job : plan.graph.jobs()) {
    if (job.kind != kind) continue;
    const run::RunDirectory directory(folder.path() / job.directory);
    nlohmann::json result = directory.result();
    result[nlohmann::json::json_pointer(path)] = value;
    write_file_atomically(directory.result_file(), result.dump());
    directory.mark_done();  // what it says is what was left
    break;
  }
  read_outcomes(plan, folder.path());
}

}  // namespace

TEST_CASE("counts and times of a result that are negative or no numbers are refused by name",
          "[findings]") {
  CHECK_NOTHROW(read_with("train", "/tokens", 5));
  struct Wrong {
    const char *kind, *path;
    nlohmann::json value;
    const char* message;
  };
  for (const Wrong& wrong :
       {Wrong{"train", "/tokens", -5, "result.json: tokens = -5: must not be negative"},
        Wrong{"train", "/tokens", 2.5, "tokens = 2.5: expected an integer"},
        Wrong{"train", "/steps", -1, "steps = -1: must not be negative"},
        Wrong{"train", "/clocks/train", -0.1, "train = -0.1: must not be negative"},
        Wrong{"train", "/peak_memory_bytes", -1, "peak_memory_bytes = -1"},
        Wrong{"train", "/parameters", "many", "of the wrong type"},
        Wrong{"prepare", "/splits/train/tokens", -1, "tokens = -1: must not be negative"},
        Wrong{"merge", "/seconds/merge", -1, "merge = -1: must not be negative"}}) {
    CAPTURE(wrong.kind, wrong.path);
    CHECK_THROWS_WITH(read_with(wrong.kind, wrong.path, wrong.value),
                      Catch::Contains(wrong.message) && Catch::Contains("and run again"));
  }
}

}  // namespace repro::findings
