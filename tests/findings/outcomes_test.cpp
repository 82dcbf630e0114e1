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

TEST_CASE("a run names the machine it ran on, by processor, cores and device", "[findings]") {
  const auto machine = [](const nlohmann::json& environment) {
    const TemporaryDirectory folder;
    const plan::Plan plan = report::plan_of({});
    report::write_runs(plan, {}, folder.path());
    const size_t job = plan.cells[0].arms[0].endings[0].job;
    const run::RunDirectory directory(folder.path() / plan.graph[job].directory);
    if (!environment.is_null())
      write_file_atomically(directory.environment_file(), environment.dump());
    directory.mark_done();
    return read_outcomes(plan, folder.path())[job].training->machine;
  };
  const nlohmann::json cpu = {{"model", "A Processor"}, {"cores", 2}};
  CHECK(machine({{"cpu", cpu}, {"device", "cpu"}}) == "A Processor, 2 cores");
  CHECK(machine({{"cpu", cpu}, {"device", "A Card"}}) == "A Processor, 2 cores, A Card");
  CHECK(machine({{"cpu", nlohmann::json::object()}}) == "unknown processor");
  CHECK(machine(nlohmann::json::object()).empty());
  CHECK(machine(nullptr).empty());
}

TEST_CASE("a finished job's seconds are all that it took, a training's those of its clocks",
          "[findings]") {
  const TemporaryDirectory folder;
  const plan::Plan plan = report::plan_of({});
  report::write_runs(plan, {}, folder.path());
  const Outcomes outcomes = read_outcomes(plan, folder.path());
  const plan::Cell& cell = plan.cells[0];
  CHECK(outcomes[cell.prepare].seconds == Approx(6.5));
  CHECK(outcomes[cell.arms[1].phases[0].jobs[0]].seconds == Approx(0.5));
  const size_t full = cell.arms[0].endings[0].job;
  CHECK(outcomes[full].seconds == Approx(8 + 0.8 + 0.2 + 0.5));
  CHECK(outcomes[full].work.steps == 80);
  CHECK(outcomes[full].work.tokens == 80 * 16 * 64);
  REQUIRE(outcomes[cell.prepare].preparing);
  CHECK(outcomes[cell.prepare].preparing->packages == std::vector<std::string>{"doc 1.2"});
  CHECK(outcomes[cell.prepare].preparing->overlap.at("valid") == 0.004);
  CHECK(outcomes[cell.prepare].preparing->train_tokens == 10000);
}

TEST_CASE("a job's state is told as it stands, also when nobody asks for it", "[findings]") {
  Status status;
  CHECK(status.text() == "not run");
  status.wanted = false;
  CHECK(status.text() == "not needed");
  status.state = run::State::started;
  CHECK(status.text() == "unfinished");
  status.state = run::State::failed;
  CHECK(status.text() == "failed");
  status.state = run::State::done;
  CHECK(status.text() == "done");
  CHECK(status.done());
}

}  // namespace repro::findings
