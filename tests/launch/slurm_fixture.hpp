#pragma once
// A fake cluster, a graph and a worker: what the tests of the Slurm launcher share.

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "cluster/fake_slurm.hpp"
#include "launch/executor.hpp"
#include "launch/graphs.hpp"
#include "launch/slurm.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {

struct Watcher final : Observer {
  std::vector<std::string> crashes, notes;
  std::vector<size_t> began, returns;
  size_t put = 0, found = 0;
  std::function<void()> on_tick = [] {};
  void started(size_t job, int, int64_t process) override {
    CHECK(process == 0);
    began.push_back(job);
  }
  void finished(size_t, const Outcome&) override {}
  void crashed(size_t, const std::string& line) override { crashes.push_back(line); }
  void queued(size_t more, size_t again) override {
    put += more;
    found += again;
  }
  void returned(size_t job) override { returns.push_back(job); }
  void noted(const std::string& line) override { notes.push_back(line); }
  void stopping() override {}
  void tick() override { on_tick(); }
};

// A graph, a folder, a fake cluster, and a shell script as the worker: $directory is the run's,
// $name the job's, $again `yes` from its second start on; `finish` leaves DONE.
struct SlurmFixture {
  FakeSlurm slurm;
  TemporaryDirectory folder;
  fs::path runs = folder.path() / "runs of one";  // a path is one word wherever it goes
  run::JobGraph graph = cell_graph();
  Watcher watcher;
  ExecuteOptions options = {.schedule = {.slots = kUnlimited, .retries = 1},
                            .seconds = {},
                            .tick = std::chrono::milliseconds(20)};

  explicit SlurmFixture(const std::string& worker = "finish") {
    make_directories(runs);
    write_worker(worker);
  }

  void write_worker(const std::string& body) {
    std::ofstream(folder.path() / "worker")
        << "#!/bin/sh\ndirectory=$1\nname=$(basename \"$1\")\nname=${name%-*}\n"
        << "finish() { echo $name >> '" << order().string() << "'; touch \"$directory/DONE\"; }\n"
        << "again=no\n[ ! -e \"$directory/once\" ] || again=yes\ntouch \"$directory/once\"\n"
        << body << "\n";
    fs::permissions(folder.path() / "worker", fs::perms::owner_all);
  }
  fs::path order() const { return folder.path() / "order"; }
  std::vector<std::string> finished() const {
    if (!fs::exists(order())) return {};
    auto names = split(read_file(order()), '\n');
    names.pop_back();
    return names;
  }

  Site site(const std::string& more = "") const {
    std::ofstream(folder.path() / "here.toml") << two_partitions(more);
    return load_site(folder.path() / "here.toml", "sites/here.toml");
  }
  SlurmLauncher launcher(const std::string& more = "") const {
    return SlurmLauncher(site(more), runs, folder.path() / "worker");
  }
  ExecutionResult execute_all(const std::string& more = "") {
    options.seconds.assign(graph.jobs().size(), 1.0);
    SlurmLauncher slurm_launcher = launcher(more);
    return execute(graph, runs, slurm_launcher, watcher, options);
  }
  run::RunDirectory directory(size_t job) const {
    return run::RunDirectory(runs / graph[job].directory);
  }
};

}  // namespace repro::launch
