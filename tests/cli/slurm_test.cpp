#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/repro_process.hpp"
#include "cluster/fake_slurm.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

// One cell of table 3 over a Slurm, by a user whose library says how to ask it.
struct SlurmUser {
  FakeSlurm slurm;
  TemporaryDirectory folder;
  fs::path started = folder.path() / "started";  // a line a start of the worker
  fs::path worker;

  explicit SlurmUser(const std::string& before = "") {
    add_site("here", two_partitions());
    worker = write_worker(folder, before + "\necho $name >> " + started.string() + "\nfinish");
  }

  void add_site(const std::string& name, const std::string& text) const {
    const fs::path sites = folder.path() / "data/repro/hardware_profiles/sites";
    make_directories(sites);
    std::ofstream(sites / (name + ".toml")) << text;
  }
  static std::vector<std::string> words(std::vector<std::string> verb) {
    const std::vector<std::string> more = {
        "--root",          kRoot, "--scale", "smoke", "--set", "models=[\"qwen_moe\"]", "--set",
        "corpora=[\"c4\"]"};
    verb.insert(verb.end(), more.begin(), more.end());
    return verb;
  }
  Finished repro(const std::vector<std::string>& verb) const {
    return run_in(folder.path(), words(verb), worker);
  }
  Finished over_slurm(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", "table3", "--launcher", "slurm"});
    return repro(more);
  }
  // By how many runs `repro status` says that they are in this state.
  size_t in_state(const std::string& state) const {
    size_t count = 0;
    const json answer = json::parse(repro({"status", "table3", "--json"}).output);
    for (const json& run : answer.at("runs")) count += run.at("state") == state ? 1 : 0;
    return count;
  }
  std::vector<std::string> names_started() const {
    if (!fs::exists(started)) return {};
    auto names = split(trim(read_file(started)), '\n');
    std::sort(names.begin(), names.end());
    return names;
  }
  bool all_once() const {
    const auto names = names_started();
    return std::adjacent_find(names.begin(), names.end()) == names.end();
  }
};

TEST_CASE("a run over Slurm says what a local one says, and uses both partitions", "[cli]") {
  const SlurmUser user;
  const Finished there = user.over_slurm();
  INFO(there.errors);
  CHECK(there.exit_code == 0);
  CHECK(user.names_started().size() == 16);
  CHECK(user.all_once());
  TemporaryDirectory folder;
  const Finished here = run_in(folder.path(), SlurmUser::words({"run", "table3"}), user.worker);
  CHECK(there.output == here.output);
  const auto calls = user.slurm.calls("sbatch");
  for (const char* partition : {"--partition=cheap", "--partition=costly"})
    CHECK(std::any_of(calls.begin(), calls.end(), [&](const std::string& call) {
      return call.find(partition) != std::string::npos;
    }));
}

TEST_CASE("detached jobs are submitted to `status`, refused to a local run, and found again",
          "[cli]") {
  const SlurmUser user;
  user.slurm.set("slots", "0");
  const Finished left = user.over_slurm({"--detach"});
  INFO(left.errors);
  CHECK(left.exit_code == 0);
  CHECK_THAT(left.output,
             Contains("0 of 12 jobs are done, 12 are in the queue") && !Contains("Qwen"));
  CHECK(user.in_state("submitted") == 12);
  const Finished status = user.repro({"status", "table3"});
  CHECK_THAT(status.output, Contains("waits: Dependency") && Contains("12 submitted"));
  const Finished local = user.repro({"run", "table3"});
  CHECK(local.exit_code == 2);
  CHECK_THAT(local.errors,
             Contains(": is Slurm job ") && Contains("--launcher slurm") && Contains("scancel"));
  CHECK(user.names_started().empty());
  user.slurm.set("slots", "4");
  const Finished again = user.over_slurm();
  CHECK(again.exit_code == 0);
  CHECK_THAT(again.errors, Contains("found  12 jobs of an earlier run in the queue"));
  CHECK_THAT(again.output, Contains("Qwen"));
  CHECK(user.names_started().size() == 16);
  CHECK(user.all_once());
}

TEST_CASE("a repro that is killed leaves its jobs to Slurm, and no job runs twice", "[cli]") {
  TemporaryDirectory flags;
  const fs::path at_work = flags.path() / "at-work", go = flags.path() / "go";
  const SlurmUser user("touch " + at_work.string() + "; while ! [ -e " + go.string() +
                       " ]; do sleep 0.02; done");
  {
    Process first(repro_command(user.folder.path(),
                                SlurmUser::words({"run", "table3", "--launcher", "slurm"}),
                                user.worker));
    REQUIRE(appears(at_work));
    first.signal(SIGKILL);
    first.wait();
  }
  CHECK(user.in_state("running") == 1);
  std::ofstream(go) << "";
  const Finished again = user.over_slurm();
  INFO(again.errors);
  CHECK(again.exit_code == 0);
  CHECK(user.names_started().size() == 16);
  CHECK(user.all_once());
}

TEST_CASE("while Slurm does not answer, status says what it was told and that it knows no more",
          "[cli]") {
  const SlurmUser user;
  user.slurm.set("slots", "0");
  user.over_slurm({"--detach"});
  user.slurm.set("down");
  const Finished status = user.repro({"status", "table3"});
  CHECK(status.exit_code == 0);
  CHECK_THAT(status.output, Contains("Slurm does not answer") && Contains("12 submitted"));
  CHECK_THAT(status.errors, Contains("nothing is known of submitted jobs: ") &&
                                Contains("Unable to contact slurm controller"));
  const Finished more = user.over_slurm();
  CHECK(more.exit_code == 2);
  CHECK_THAT(more.errors, Contains("Unable to contact slurm controller"));
  const Finished local = user.repro({"run", "table3"});
  CHECK_THAT(local.errors, Contains("nothing is known of it now"));
}

TEST_CASE("what keeps a run from Slurm is one line with the way out", "[cli]") {
  const SlurmUser user;
  const auto refused = [&](const std::vector<std::string>& verb, int exit, const char* line) {
    const Finished ended = user.repro(verb);
    CAPTURE(ended.errors);
    CHECK(ended.exit_code == exit);
    CHECK_THAT(ended.errors, Contains(line));
    CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
  };
  refused({"run", "table3", "--detach"}, 64, "--detach: local jobs end with repro");
  refused({"run", "table3", "--site", "here"}, 64, "--site: is of --launcher slurm");
  refused({"run", "table3", "--launcher", "slrum"}, 64, "slrum");
  refused({"run", "table3", "--launcher", "slurm", "--site", "her"}, 4, "did you mean 'here'?");
  user.add_site("two", two_partitions());
  refused({"run", "table3", "--launcher", "slurm"}, 4, "--site: here, two");
  user.add_site("two", "[[profile]]\nname = \"any\"\npartition = \"cheap\"\n");
  refused({"run", "table3", "--launcher", "slurm", "--site", "two"}, 4,
          "two.toml: no [[profile]] named ");
  user.add_site("two", two_partitions("[[profile]]\nname = \"x\"\npartition = \"chep\"\n"));
  refused({"run", "table3", "--launcher", "slurm", "--site", "two"}, 4,
          "the cluster has no partition 'chep' (did you mean 'cheap'?)");
  CHECK(user.slurm.calls("sbatch").empty());
}

TEST_CASE("a local schedule runs over pools of devices, and no more of each at once", "[cli]") {
  TemporaryDirectory folder;
  const fs::path log = folder.path() / "log";
  const fs::path worker =
      write_worker(folder, "echo begin $name >> " + log.string() +
                               "\nsleep 0.1\necho end $name >> " + log.string() + "\nfinish");
  const Finished ended = run_in(
      folder.path(),
      SlurmUser::words({"run", "table3", "--pool", "rtx-4090=3", "--pool", "a100-80g=1"}), worker);
  INFO(ended.errors);
  CHECK(ended.exit_code == 0);
  int parts = 0, most = 0;
  for (const std::string& line : split(read_file(log), '\n'))
    if (line.find("-sub") != std::string::npos)
      most = std::max(most, parts += line.starts_with("begin") ? 1 : -1);
  CHECK(most == 3);
}

TEST_CASE("a pool that says nothing, one of no job's device, and a missing one are told", "[cli]") {
  TemporaryDirectory folder;
  const auto refused = [&](const std::vector<std::string>& pools, const char* line) {
    std::vector<std::string> verb = {"plan", "table3"};
    for (const std::string& pool : pools) verb.insert(verb.end(), {"--pool", pool});
    const Finished ended = run_in(folder.path(), SlurmUser::words(verb));
    CAPTURE(ended.errors);
    CHECK(ended.exit_code == 64);
    CHECK_THAT(ended.errors, Contains(line));
  };
  for (const char* pool : {"rtx-4090", "rtx-4090=", "rtx-4090=0", "rtx-4090=2x", "=3"})
    refused({pool}, "expected PROFILE=DEVICES");
  refused({"rtx-409=3"}, "no job is of 'rtx-409' (did you mean 'rtx-4090'?)");
  refused({"rtx-4090=3"}, "jobs are of a100-80g too; add --pool a100-80g=DEVICES");
}

TEST_CASE("a plan says how long it takes over pools: less over more, never less than its chain",
          "[cli]") {
  TemporaryDirectory folder;
  const auto hours = [&](const char* cheap, const char* costly) {
    const Finished ended =
        run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", "paper", "--json",
                               "--pool", cheap, "--pool", costly});
    INFO(ended.errors);
    REQUIRE(ended.exit_code == 0);
    return json::parse(ended.output).at("makespan").at("hours").get<double>();
  };
  const double few = hours("rtx-4090=1", "a100-80g=1");
  const double many = hours("rtx-4090=24", "a100-80g=6");
  const double most = hours("rtx-4090=1000", "a100-80g=1000");
  CHECK(many < few / 3);
  CHECK(most <= many);
  CHECK(most > 1);
  const Finished text =
      run_in(folder.path(), {"plan", "table3", "--root", kRoot, "--scale", "paper", "--pool",
                             "rtx-4090=4", "--pool", "a100-80g=1"});
  CHECK_THAT(text.output, Contains("over a100-80g x 1, rtx-4090 x 4: at least about "));
}

TEST_CASE("a plan with failures and waits takes longer than without, over and over the same",
          "[cli]") {
  TemporaryDirectory folder;
  const auto plan = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"plan", "table3", "--root", kRoot, "--scale", "paper"};
    words.insert(words.end(), more.begin(), more.end());
    return run_in(folder.path(), words);
  };
  const std::vector<std::string> troubles = {
      "--pool", "rtx-4090=4", "--pool", "a100-80g=1", "--failures", "0.01", "--queue-wait", "30"};
  std::vector<std::string> as_json = troubles;
  as_json.push_back("--json");
  const json makespan = json::parse(plan(as_json).output).at("makespan");
  const json troubled = makespan.at("troubled");
  CHECK(troubled.at("hours_low") > makespan.at("hours"));
  CHECK(troubled.at("hours_low") <= troubled.at("hours"));
  CHECK(troubled.at("hours") <= troubled.at("hours_high"));
  CHECK(troubled.at("failures") > 0);
  CHECK(json::parse(plan(as_json).output).at("makespan") == makespan);
  CHECK_THAT(plan(troubles).output, Contains("with failures and waits at least about"));
  const Finished refused = plan({"--failures", "0.01"});
  CHECK(refused.exit_code == 64);
  CHECK_THAT(refused.errors, Contains("of a plan over devices; add --pool"));
}

}  // namespace
}  // namespace repro::cli
