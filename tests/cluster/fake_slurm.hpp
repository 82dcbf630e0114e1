#pragma once
// A Slurm for tests, without a cluster (fake_slurm beside this file): its programs come first in
// PATH while the object lives, and its jobs die with it.

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "temporary_directory.hpp"

namespace repro {

class FakeSlurm {
 public:
  FakeSlurm() : path_(std::getenv("PATH")) {
    const fs::path programs = folder_.path() / "bin";
    make_directories(programs);
    make_directories(folder_.path() / "state");
    for (const char* name : {"sbatch", "squeue", "scancel", "scontrol", "sinfo", "fake"})
      fs::create_symlink(fs::path(REPRO_TESTS) / "cluster/fake_slurm", programs / name);
    ::setenv("PATH", (programs.string() + ":" + path_).c_str(), 1);
    ::setenv("FAKE_SLURM", (folder_.path() / "state").c_str(), 1);
  }
  ~FakeSlurm() {
    run_to_end({.words = {"fake", "stop"}});
    ::setenv("PATH", path_.c_str(), 1);
    ::unsetenv("FAKE_SLURM");
  }
  FakeSlurm(const FakeSlurm&) = delete;
  FakeSlurm& operator=(const FakeSlurm&) = delete;

  // What its first lines say under "Files of the folder that a test makes".
  void set(const std::string& knob, const std::string& value = "") const {
    std::ofstream(folder_.path() / "state" / knob) << value;
  }
  void unset(const std::string& knob) const { fs::remove(folder_.path() / "state" / knob); }
  // fake WORDS...
  void fake(std::vector<std::string> words) const {
    words.insert(words.begin(), "fake");
    run_command({.words = std::move(words)});
  }
  // The calls of a program so far, each as one line.
  std::vector<std::string> calls(const std::string& program) const {
    const fs::path path = folder_.path() / "state/calls";
    std::vector<std::string> found;
    if (!fs::exists(path)) return found;
    for (const std::string& line : split(read_file(path), '\n'))
      if (line.starts_with(program + " ")) found.push_back(line);
    return found;
  }

 private:
  TemporaryDirectory folder_;
  std::string path_;
};

// A site with two partitions: what needs no device, and the first profile, on `cheap`.
inline std::string two_partitions(const std::string& more = "") {
  return "poll_seconds = 0.1\nsettle_seconds = 0.5\ncheckpoint_seconds = 10\n" + more +
         "[[profile]]\nname = \"any\"\npartition = \"cheap\"\n"
         "[[profile]]\nname = \"rtx-4090\"\npartition = \"cheap\"\nminutes = 10\n"
         "[[profile]]\nname = \"a100-80g\"\npartition = \"costly\"\n";
}

}  // namespace repro
