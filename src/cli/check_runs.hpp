#pragma once
// The runs that a gate makes. They stand apart from all others, in a folder of the program that
// makes them: a run of an earlier build, or of another LibTorch, is never taken for one of this.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/context.hpp"
#include "run/job.hpp"
#include "run/lock.hpp"

namespace repro::cli {

struct CheckRunOptions {
  int jobs = 0;  // at a time; 0 = one a core
  bool wait = false;
  std::filesystem::path worker = {};  // that makes them; "" = the one beside this program
  std::string part = {};              // of the program's folder, made anew; "" = the folder itself
};

class CheckRuns {
 public:
  // <runs>/check/<12 digits of the worker's bytes and of where it runs>. Error when the worker does
  // not say where it runs, or another process holds the folder.
  CheckRuns(const Context& context, const std::string& purpose, const CheckRunOptions& options);

  const std::filesystem::path& folder() const { return context_.runs; }
  const std::string& program() const { return program_; }
  // Runs what the graph lacks, of all or of the wanted jobs and what they read.
  Exit run(const run::JobGraph& graph, const std::vector<size_t>& wanted = {});

 private:
  Context context_;
  std::string program_;
  CheckRunOptions options_;
  std::unique_ptr<run::RunsLock> lock_;
};

}  // namespace repro::cli
