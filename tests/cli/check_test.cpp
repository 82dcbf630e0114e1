// The gate as a user runs it, with a worker whose losses are formulas: of the seed, of the step, of
// the start beside a seed's own, and of a file that a test changes as a commit would the program.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;
using nlohmann::json;

constexpr const char* kTrain = R"sh(
if [ "$1" = --environment ]; then
  echo '{"cpu": {"model": "'$(cat $world/cpu)'", "cores": 2, "instruction_sets": ["avx2"]}, "kernels": "avx2", "torch": "2", "memory_bytes": 8e9}'
  exit 0
fi
seed=$(expr "$name" : '.*-s\([0-9]*\)-')
jitter=$(grep -c jitter "$dir/job.json")
restart=$(grep -c restart_after "$dir/job.json")
"$0" --environment > "$dir/environment.json"
finish
if [ $kind = train ]; then
  rm "$dir/DONE"
  if [ -e $world/fail ]; then echo 'out of memory' > "$dir/FAILED"; exit 2; fi
  awk -v steps="$steps" -v seed="$seed" -v jitter="$jitter" -v restart="$restart" -v shift="$(cat $world/shift)" -v resume="$(cat $world/resume)" 'BEGIN {
    for (step = 1; step <= steps; ++step) {
      loss = 3 + 3 / sqrt(step) + 0.02 * sin(7 * seed) + 0.1 * sin(13 * seed + 1.7 * step) + shift
      loss += jitter * 0.001 * sin(3 * seed + 5 * step)
      if (restart && step > steps / 2) loss += resume
      printf "{\"event\": \"step\", \"step\": %d, \"tokens\": %d, \"loss\": %.17g, \"lm_loss\": %.17g, \"aux_loss\": 0, \"lr\": 0.001, \"grad_norm\": 1, \"seconds\": {\"train\": %g, \"eval\": 0, \"checkpoint\": 0, \"other\": 0}, \"data_hash\": \"%08d%08d\"}\n", step, 256 * step, loss, loss, step / 100, seed, step } }' > "$dir/records.jsonl"
  : > "$dir/DONE"
fi
)sh";

// A root with the example's experiment, and the worker.
class Gate {
 public:
  Gate() {
    fs::copy(fs::path(kRoot) / "docs/example", root(), fs::copy_options::recursive);
    set("cpu", "A");
    set("shift", "0");
    set("resume", "0");
    worker_ = write_worker(folder_, "world=" + path().string() + kTrain);
  }
  const fs::path& path() const { return folder_.path(); }
  fs::path root() const { return path() / "root"; }
  fs::path golden() const { return root() / "goldens/small.json"; }
  void set(const std::string& file, const std::string& text) const {
    write_file_atomically(path() / file, text);
  }
  // As after a commit: another program, whose runs are its own.
  void change_program(const std::string& shift) const {
    set("shift", shift);
    std::ofstream(worker_, std::ios::app) << "# " << shift << "\n";
  }
  Finished run(std::vector<std::string> words) const {
    words.insert(words.end(), {"--root", root().string()});
    return run_in(path(), words, worker_);
  }
  Finished record(std::vector<std::string> more = {}, const std::string& name = "small") const {
    std::vector<std::string> words = {"golden", "record", "table1", "--scale", "tiny",
                                      "--name", name,     "--why",  "made up"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

 private:
  TemporaryDirectory folder_;
  fs::path worker_;
};

const json* row_of(const json& answer, const std::string& quantity) {
  for (const json& row : answer.at("rows"))
    if (row.at("quantity") == quantity) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("an unchanged program is green twice, and what was run is not run again", "[cli]") {
  const Gate gate;
  const Finished recorded = gate.record();
  INFO(recorded.errors);
  REQUIRE(recorded.exit_code == 0);
  CHECK_THAT(recorded.output, Contains("toy-speeches-all") && Contains("0 of 200 replays"));
  for (int i = 0; i < 2; ++i) {
    const Finished checked = gate.run({"check", "small"});
    INFO(checked.output << checked.errors);
    CHECK(checked.exit_code == 0);
    CHECK_THAT(checked.output, Contains("small: ok: ") && Contains("as without a stop"));
    CHECK_THAT(checked.output, Contains(fmt::format("history: {} earlier check", i)));
  }
  CHECK(gate.run({"check"}).exit_code == 0);  // the only golden
}

TEST_CASE("a change that moves losses is red once other seeds have borne it out", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.change_program("0.05");
  const Finished checked = gate.run({"check", "small", "--json"});
  INFO(checked.errors);
  CHECK(checked.exit_code == 1);
  const json answer = json::parse(checked.output);
  const json* loss = row_of(answer, "final loss");
  REQUIRE(loss != nullptr);
  CHECK(loss->at("verdict") == "regression confirmed");
  CHECK(loss->at("now").get<double>() - loss->at("golden").get<double>() == Approx(0.05));
  CHECK_THAT(loss->at("reason").get<std::string>(), Contains("so with other seeds"));
  CHECK(row_of(answer, "order of the data")->at("verdict") == "ok");
}

TEST_CASE("other bits alone are no regression, unless the golden says so", "[cli]") {
  for (const bool gates : {false, true}) {
    const Gate gate;
    REQUIRE(
        gate.record(gates ? std::vector<std::string>{"--exact-gates"} : std::vector<std::string>{})
            .exit_code == 0);
    gate.change_program("1e-9");
    const Finished checked = gate.run({"check", "small", "--json"});
    INFO(checked.errors);
    CHECK(checked.exit_code == (gates ? 1 : 0));
    CHECK_THAT(row_of(json::parse(checked.output), "every record")->at("reason").get<std::string>(),
               Contains("step 1: loss"));
  }
}

TEST_CASE("on another processor bits are not compared, and it is said", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.set("cpu", "B");
  const Finished checked = gate.run({"check", "small"});
  INFO(checked.output << checked.errors);
  CHECK(checked.exit_code == 0);
  CHECK_THAT(checked.output, Contains("processor: A then, B now") && Contains("not comparable"));
  CHECK(gate.run({"check", "small", "--lane", "exact"}).exit_code == 0);  // order and rate remain
}

TEST_CASE("a training that goes on otherwise after a stop is red", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.set("resume", "0.001");
  const Finished checked = gate.run({"check", "small"});
  CHECK(checked.exit_code == 1);
  CHECK_THAT(checked.output, Contains("as without a stop") && Contains("step 11: loss"));
}

TEST_CASE("a failed run ends with 2 and is never green", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  gate.change_program("0");
  gate.set("fail", "");
  const Finished checked = gate.run({"check", "small"});
  CHECK(checked.exit_code == 2);
  CHECK_THAT(checked.output, Contains("nothing measured") && Contains("out of memory"));
  CHECK_THAT(gate.record({}, "other").errors, Contains("out of memory"));
  CHECK_FALSE(fs::exists(gate.root() / "goldens/other.json"));
}

TEST_CASE("a golden of another manifest, edited by hand or of too few seeds is refused", "[cli]") {
  const Gate gate;
  CHECK_THAT(gate.record({"--seeds", "4"}).errors, Contains("give --seeds 5 or more"));
  REQUIRE(gate.record().exit_code == 0);
  const std::string golden = read_file(gate.golden());
  std::string edited = golden;
  edited.replace(edited.find("made up"), 7, "madeup ");
  write_file_atomically(gate.golden(), edited);
  const Finished by_hand = gate.run({"check", "small"});
  CHECK(by_hand.exit_code == 4);
  CHECK_THAT(by_hand.errors, Contains("it was edited by hand"));
  write_file_atomically(gate.golden(), golden);
  const fs::path scale = gate.root() / "experiments/scales/tiny.toml";
  std::string text = read_file(scale);
  text.replace(text.find("match.batch = 4"), 15, "match.batch = 5");
  write_file_atomically(scale, text);
  const Finished other = gate.run({"check", "small"});
  CHECK(other.exit_code == 4);
  CHECK_THAT(other.errors, Contains("the manifest is another one") &&
                               Contains("batch 4 then, 5 now") &&
                               Contains("--renew --name small --cause"));
  CHECK(gate.run({"check", "smal"}).exit_code == 4);
}

TEST_CASE("without a golden nothing is measured, and of several one must be named", "[cli]") {
  const Gate gate;
  CHECK(gate.run({"check"}).exit_code == 6);
  REQUIRE(gate.record().exit_code == 0);
  REQUIRE(gate.record({}, "second").exit_code == 0);
  const Finished ended = gate.run({"check"});
  CHECK(ended.exit_code == 64);
  CHECK_THAT(ended.errors, Contains("second, small"));
  CHECK_THAT(gate.run({"golden", "list"}).output, Contains("table1 --scale tiny"));
}

TEST_CASE("a golden is renewed only with its cause, and keeps what moved", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  CHECK(gate.record().exit_code == 4);
  CHECK(gate.record({"--renew"}).exit_code == 64);
  gate.change_program("0.05");
  const Finished diff = gate.run({"golden", "diff", "small"});
  INFO(diff.errors);
  CHECK(diff.exit_code == 0);
  CHECK_THAT(diff.output, Contains("of them by more than their tolerance") && Contains("+0.05"));
  // As it was: the experiment, its seeds and its policy stand in the golden.
  const Finished renewed = gate.run({"golden", "record", "--renew", "--name", "small", "--cause",
                                     "a kernel that rounds otherwise", "--why", "as before"});
  INFO(renewed.errors);
  REQUIRE(renewed.exit_code == 0);
  const json golden = json::parse(read_file(gate.golden()));
  CHECK(golden.at("recipe").at("scale") == "tiny");
  CHECK(golden.at("renewal").at("cause") == "a kernel that rounds otherwise");
  CHECK_THAT(golden.at("renewal").at("drift").at(0).get<std::string>(), Contains("+0.05"));
  CHECK(gate.run({"check", "small"}).exit_code == 0);
}

TEST_CASE("build servers get JUnit, and GitHub a summary that is quiet where nothing changed",
          "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  const fs::path summary = gate.path() / "summary.md", junit = gate.path() / "junit.xml";
  const auto check = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"check", "small", "--root", gate.root().string()};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<std::string> command = repro_command(gate.path(), words, gate.path() / "worker");
    command.insert(command.begin() + 3, "GITHUB_STEP_SUMMARY=" + summary.string());
    return Process(command).wait();
  };
  CHECK(check({"--junit", junit.string()}).exit_code == 0);
  const std::string quiet = read_file(summary);
  CHECK(std::count(quiet.begin(), quiet.end(), '\n') <= 4);
  CHECK_THAT(quiet,
             Contains("**repro check small** ok: ") && Contains("<!-- repro-check small -->"));
  CHECK_THAT(read_file(junit), Contains("failures=\"0\""));
  gate.change_program("0.05");
  CHECK(
      check({"--junit", junit.string(), "--markdown", (gate.path() / "a.md").string()}).exit_code ==
      1);
  const std::string loud = read_file(summary).substr(quiet.size());
  CHECK_THAT(loud, Contains("Changed: to be looked at") && Contains("<details>") &&
                       Contains("Again: `repro check small`"));
  CHECK(read_file(gate.path() / "a.md") + "\n" == loud);
  CHECK_THAT(read_file(junit), Contains("type=\"regression confirmed\""));
}

TEST_CASE("two sets of runs are compared without a golden", "[cli]") {
  const Gate gate;
  const auto runs = [&](const std::string& folder, const char* seeds) {
    return gate.run({"run", "table1", "--scale", "tiny", "--seeds", seeds, "--runs", folder})
        .exit_code;
  };
  REQUIRE(runs("base", "6") == 0);
  REQUIRE(runs("same", "6") == 0);
  gate.set("shift", "0.3");
  REQUIRE(runs("worse", "6") == 0);
  const Finished same = gate.run({"check", "--against", "base", "same"});
  INFO(same.output << same.errors);
  CHECK(same.exit_code == 0);
  const Finished worse = gate.run({"check", "--against", "base", "worse"});
  INFO(worse.output << worse.errors);
  CHECK(worse.exit_code == 5);  // nothing says yet that other seeds show it too
  CHECK_THAT(worse.output, Contains("final loss") && Contains("suspect"));
  // A run without a result is not passed over, on either side.
  for (const auto& entry : fs::directory_iterator(gate.path() / "same")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("train-") || name.find("-s3-") == std::string::npos) continue;
    fs::remove(entry.path() / "DONE");
    write_file_atomically(entry.path() / "FAILED", "out of memory\n");
  }
  for (const bool in_base : {false, true}) {
    const Finished failed =
        gate.run({"check", "--against", in_base ? "same" : "base", in_base ? "base" : "same"});
    INFO(failed.output << failed.errors);
    CHECK(failed.exit_code == 2);
    CHECK_THAT(failed.output, Contains("seed 3: out of memory"));
  }
  CHECK(gate.run({"check", "--against", "base", "nowhere"}).exit_code == 4);
  fs::create_directories(gate.path() / "empty");
  CHECK(gate.run({"check", "--against", "base", "empty"}).exit_code == 6);
  CHECK(gate.run({"check", "--against", "base"}).exit_code == 64);
  // Other settings are not comparable, and never red.
  REQUIRE(gate.run({"run", "table1", "--scale", "tiny", "--seeds", "6", "--runs", "faster", "--set",
                    "arm.all.train.lr=2e-3", "--set", "arm.half.train.lr=2e-3"})
              .exit_code == 0);
  const Finished unlike = gate.run({"check", "--against", "base", "faster"});
  CHECK(unlike.exit_code == 6);
  CHECK_THAT(unlike.output, Contains("not comparable") && Contains("spec.optimizer.lr"));
}

TEST_CASE("files of other programs take part on either side, and as a golden", "[cli]") {
  const Gate gate;
  const fs::path files = fs::path(REPRO_TESTS) / "check/loss_files";
  const auto against = [&](const char* a, const char* b) {
    return gate.run({"check", "--against", (files / a).string(), (files / b).string()});
  };
  CHECK(against("titan_old.txt", "titan_old.txt").exit_code == 0);
  CHECK(against("megatron_full.json", "megatron_full.json").exit_code == 0);
  CHECK(against("titan_old.txt", "titan_new.txt").exit_code == 5);
  std::vector<std::string> five = {"golden", "record", "--name", "logs", "--why", "w", "--from"};
  for (int seed = 0; seed < 5; ++seed) {
    const fs::path file = gate.path() / fmt::format("log{}.csv", seed);
    std::ofstream log(file);
    log << "step,loss\n";
    for (int step = 1; step <= 30; ++step)
      log << step << ',' << 3 + 3.0 / step + 0.01 * ((seed * 7 + step * 3) % 5) << '\n';
    five.push_back(file.string());
  }
  const Finished recorded = gate.run(five);
  INFO(recorded.errors);
  REQUIRE(recorded.exit_code == 0);
  const auto now = [&](double shift) {
    const fs::path file = gate.path() / "now.csv";
    std::ofstream log(file);
    log << "step,loss\n";
    for (int step = 1; step <= 30; ++step)
      log << step << ',' << shift + 3.02 + 3.0 / step + 0.001 * (step % 3) << '\n';
    log.close();
    return gate.run({"check", "logs", "--from", file.string()});
  };
  const Finished near = now(0);
  INFO(near.output << near.errors);
  CHECK(near.exit_code == 0);
  CHECK(now(1).exit_code == 5);
  CHECK(gate.run({"check", "logs"}).exit_code == 64);
}

TEST_CASE("seconds are compared with those of the machine, or of two programs in turns", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record({"--time"}).exit_code == 0);
  const Finished here = gate.run({"check", "small", "--time", "--json"});
  INFO(here.errors);
  CHECK(here.exit_code == 0);
  CHECK(row_of(json::parse(here.output), "seconds of a step")->at("verdict") == "ok");
  const std::string worker = (gate.path() / "worker").string();
  const Finished turns = gate.run({"check", "small", "--base", worker, "--json"});
  INFO(turns.errors);
  CHECK(turns.exit_code == 0);
  const json answer = json::parse(turns.output);
  REQUIRE(answer.at("rows").size() == 1);
  CHECK_THAT(answer.at("rows")[0].at("reason").get<std::string>(), Contains("+0.0 %"));
  gate.set("cpu", "B");
  const Finished elsewhere = gate.run({"check", "small", "--time"});
  CHECK_THAT(elsewhere.output, Contains("no time golden of this machine"));
}

TEST_CASE("the seeds that a change needs are planned by what has run", "[cli]") {
  const Gate gate;
  const auto plan = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"plan", "table1",   "--scale", "tiny",  "--power",
                                      "0.8",  "--effect", "0.05",    "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished ended = gate.run(words);
    INFO(ended.errors);
    REQUIRE(ended.exit_code == 0);
    return json::parse(ended.output).at("rows");
  };
  const json assumed = plan({});
  REQUIRE(assumed.size() == 1);
  CHECK_THAT(assumed[0].at("from").at("text").get<std::string>(), Contains("assumed"));
  CHECK(assumed[0].at("seeds").at("value") == 9);  // 4 % of spread, 5 % to be found
  CHECK(plan({"--spread", "0.02"})[0].at("seeds").at("value") == 3);
  REQUIRE(gate.run({"run", "table1", "--scale", "tiny", "--seeds", "6"}).exit_code == 0);
  const json measured = plan({"--seeds", "6"});
  REQUIRE(measured.size() == 2);
  CHECK(measured[0].at("from").at("text") == "6 seeds");
  CHECK(gate.run({"plan", "table1", "--scale", "tiny", "--effect", "0.05"}).exit_code == 64);
}

TEST_CASE("a log's rules are asked of a file, with 7 for one that breaks them", "[cli]") {
  const TemporaryDirectory folder;
  const std::string log = (fs::path(REPRO_TESTS) / "check/mlperf_logs/good.log").string();
  CHECK(run_in(folder.path(), {"check", "log", log}).exit_code == 0);
  std::ofstream(folder.path() / "bad.log") << ":::MLLOG {}\n";
  const Finished bad = run_in(folder.path(), {"check", "log", "bad.log", "--json"});
  CHECK(bad.exit_code == 7);
  CHECK(json::parse(bad.output).at("rows").size() > 10);
  CHECK(run_in(folder.path(), {"check", "log", "no.log"}).exit_code == 4);
}

TEST_CASE("the help of check and golden shows how they are used", "[cli]") {
  const TemporaryDirectory folder;
  for (const char* verb : {"check", "golden"})
    CHECK_THAT(run_in(folder.path(), {verb, "--help"}).output,
               Contains(std::string("repro ") + verb) && Contains("Examples:"));
}

}  // namespace repro::cli
