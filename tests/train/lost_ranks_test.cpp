// Trainings by several ranks through the real worker, which lose some of them.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/process.hpp"
#include "base/text.hpp"
#include "process.hpp"
#include "published_models.hpp"
#include "train/ranks_fixture.hpp"

using namespace repro;
using namespace repro::train;

namespace {

config::TrainSpec spec_of_two() {
  config::TrainSpec spec = tiny_spec();
  spec.model = config::as_llama_moe(spec.model);
  spec.model.top_k = 2;
  spec.steps = 160;
  spec.watch.every = 50;
  spec.ranks = 2;
  return spec;
}

run::RunDirectory make_run(const Runs& runs, const std::string& name, double timeout_seconds = 60) {
  return runs.make("train", name, config::to_json(spec_of_two()), {{"corpus", "corpus"}},
                   {{"checkpoint_every", 10}, {"rank_timeout_seconds", timeout_seconds}});
}

Process start_first_rank(const run::RunDirectory& directory,
                         const std::vector<std::string>& settings = {}) {
  std::vector<std::string> command = {"/usr/bin/env"};
  command.insert(command.end(), settings.begin(), settings.end());
  command.insert(command.end(), {built("repro-worker"), directory.path().string()});
  return Process(command);
}

// A network namespace whose only way out is a cable to ours, where that is allowed.
class Namespace {
 public:
  Namespace() : name_(fmt::format("rr{}", ::getpid() % 100'000)) {
    const std::string net = fmt::format("10.213.{}.", ::getpid() % 250);
    made_ = find_program("ip") && ip("netns add " + name_) &&
            ip(fmt::format("link add {0}a type veth peer name {0}b netns {0}", name_)) &&
            ip(fmt::format("addr add {}1/30 dev {}a", net, name_)) &&
            ip(fmt::format("link set {}a up", name_)) &&
            ip(fmt::format("-n {0} addr add {1}2/30 dev {0}b", name_, net)) &&
            ip(fmt::format("-n {0} link set {0}b up", name_));
  }
  ~Namespace() {
    if (find_program("ip")) ip("netns del " + name_);  // the cable goes with it
  }
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  // Rank 0 here, rank 1 there; both here where there is none.
  std::vector<std::string> settings() const {
    if (!made_) return {};
    return {fmt::format("GLOO_SOCKET_IFNAME={}a", name_),
            fmt::format("REPRO_RANK_PREFIX=ip netns exec {0} env GLOO_SOCKET_IFNAME={0}b", name_)};
  }

 private:
  static bool ip(const std::string& words) {
    std::vector<std::string> command = split(words, ' ');
    command.insert(command.begin(), "ip");
    return run_to_end({.words = std::move(command)}).status.clean();
  }

  std::string name_;
  bool made_ = false;
};

void wait_until(const std::function<bool()>& done, const char* what) {
  for (int waited = 0; !done(); ++waited) {
    if (waited == 60'000) FAIL(what << " did not happen in a minute");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool runs_still(pid_t process) {
  std::ifstream status(fmt::format("/proc/{}/stat", process));
  std::string text;
  std::getline(status, text);
  return !text.empty() && text.substr(text.rfind(')') + 1, 2) != " Z";
}

void wait_for_progress(Process& worker, const run::RunDirectory& directory, double step) {
  wait_until(
      [&] {
        if (!runs_still(worker.pid())) FAIL("the worker has ended: " << worker.wait().errors);
        if (!fs::exists(directory.records_file())) return false;
        const auto progress = run::read_progress(directory.records_file());
        return progress && progress->done >= step;
      },
      "a step");
}

// The process that is rank 1 of a worker's; 0 = there is none.
pid_t second_rank(pid_t worker) {
  std::ifstream children(fmt::format("/proc/{}/task/{}/children", worker, worker));
  pid_t child = 0;
  children >> child;
  return child;
}

void check_as_undisturbed(const run::RunDirectory& whole, const run::RunDirectory& disturbed) {
  CHECK(steps_of(whole) == steps_of(disturbed));
  CHECK(evals_of(whole) == evals_of(disturbed));
  CHECK(read_file(whole.weights()) == read_file(disturbed.weights()));
  // Nothing of the ranks is left.
  for (const fs::directory_entry& entry : fs::directory_iterator(disturbed.path()))
    CHECK(entry.path().filename().string().find("rank") == std::string::npos);
}

}  // namespace

TEST_CASE("a training goes on to the same digits whichever of its ranks is killed", "[train]") {
  const Runs runs;
  const auto threads = make_run(runs, "threads"), whole = make_run(runs, "whole");
  train_by_ranks(threads);
  REQUIRE(start_first_rank(whole).wait().exit_code == 0);
  check_as_undisturbed(threads, whole);

  const auto disturbed = make_run(runs, "disturbed");
  Process first = start_first_rank(disturbed);
  // More often than it may be lost at one checkpoint.
  for (const int step : {23, 43, 63, 83, 103}) {
    wait_for_progress(first, disturbed, step);
    const pid_t killed = second_rank(first.pid());
    REQUIRE(killed > 1);
    ::kill(killed, SIGKILL);
    wait_until([&] { return second_rank(first.pid()) > 1 && second_rank(first.pid()) != killed; },
               "another rank 1");
  }
  wait_for_progress(first, disturbed, 123);
  const pid_t orphan = second_rank(first.pid());
  first.signal(SIGKILL);  // rank 0
  const Finished ended = first.wait();
  CHECK(ended.exit_code == -SIGKILL);
  CHECK_THAT(ended.errors, Catch::Contains("rank 1 was killed by SIGKILL") &&
                               Catch::Contains("begin again at the last checkpoint"));
  wait_until([&] { return !runs_still(orphan); }, "the end of the other rank");
  REQUIRE(disturbed.state() == run::State::started);
  const Finished finished = start_first_rank(disturbed).wait();
  INFO(finished.errors);
  REQUIRE(finished.exit_code == 0);
  check_as_undisturbed(whole, disturbed);
}

TEST_CASE("two ranks on either end of a cable train to the bits of two on one machine", "[train]") {
  const Runs runs;
  const Namespace other;
  const auto near = make_run(runs, "near"), far = make_run(runs, "far");
  train_by_ranks(near);
  const Finished finished = start_first_rank(far, other.settings()).wait();
  INFO(finished.errors);
  REQUIRE(finished.exit_code == 0);
  check_as_undisturbed(near, far);
}

// Enough for a start beside other programs, of one that watches its memory too.
constexpr double kPatience = 8;

TEST_CASE("a rank that hangs is named after its time, and the training goes on", "[train]") {
  const Runs runs;
  const auto whole = make_run(runs, "whole"), disturbed = make_run(runs, "disturbed", kPatience);
  train_by_ranks(whole);
  Process worker = start_first_rank(disturbed);
  wait_for_progress(worker, disturbed, 23);
  ::kill(second_rank(worker.pid()), SIGSTOP);
  const Finished finished = worker.wait();
  INFO(finished.errors);
  REQUIRE(finished.exit_code == 0);
  CHECK_THAT(finished.errors, Catch::Contains("rank 1 said nothing for 8.0 s"));
  check_as_undisturbed(whole, disturbed);
}

TEST_CASE("an interrupt stops all ranks with 130", "[train]") {
  const Runs runs;
  const auto directory = make_run(runs, "interrupted");
  Process worker = start_first_rank(directory);
  wait_for_progress(worker, directory, 23);
  const pid_t other = second_rank(worker.pid());
  worker.signal(SIGTERM);
  const Finished finished = worker.wait();
  CHECK(finished.exit_code == 130);
  CHECK_THAT(finished.errors, Catch::Contains("interrupted after step"));
  CHECK_FALSE(runs_still(other));
}

TEST_CASE("a rank that is killed again and again at one checkpoint fails the job", "[train]") {
  const Runs runs;
  const auto directory = make_run(runs, "doomed");
  const TemporaryDirectory folder;
  const fs::path doom = folder.path() / "doom";
  write_file_atomically(doom, "#!/bin/sh\nkill -9 $$\n");
  fs::permissions(doom, fs::perms::owner_all);
  const Finished finished =
      start_first_rank(directory, {"REPRO_RANK_PREFIX=" + doom.string()}).wait();
  CHECK(finished.exit_code == 2);
  CHECK_THAT(
      directory.failure().value_or(""),
      Catch::Contains("(perhaps out of memory), and so 3 times before at the same checkpoint"));
}

TEST_CASE("a rank that cannot start fails the job with its own word", "[train]") {
  const Runs runs;
  const auto directory = make_run(runs, "failing");
  const Finished finished =
      start_first_rank(directory, {"REPRO_RANK_PREFIX=env GLOO_SOCKET_IFNAME=no-net{rank}"}).wait();
  CHECK(finished.exit_code == 2);
  CHECK_THAT(directory.failure().value_or(""),
             Catch::Contains("rank 1 ended with exit code 2") && Catch::Contains("no-net1"));
  CHECK(
      start_first_rank(directory, {"REPRO_RANK_PREFIX=/no-such-program-{rank}"}).wait().exit_code ==
      2);
  CHECK_THAT(directory.failure().value_or(""),
             Catch::Contains("cannot start '/no-such-program-1'"));
}
