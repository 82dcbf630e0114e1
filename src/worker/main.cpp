// repro-worker --environment: says where it would run, as each run's environment.json does.
// repro-worker <run-dir>: does the one job described in <run-dir>/job.json and writes its result
// there. Exit 0 done, 2 or the error's own code when failed (the reason is in FAILED), 130
// interrupted (running again continues).

#include <c10/util/Exception.h>
#include <torch/version.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "model/kernels/cpu/kernels.hpp"
#include "run/environment.hpp"
#include "run/last_words.hpp"
#include "run/run_directory.hpp"
#include "train/ranks.hpp"
#include "worker/jobs.hpp"
#include "worker/rank_team.hpp"

namespace {

using repro::Error;
using repro::Exit;

std::atomic<bool> interrupted = false;

void on_signal(int) { interrupted = true; }

// LibTorch fills its tables before main(). Where memory is too short for that, nobody else can say
// so: who started this program reads the line.
std::terminate_handler usual_end = nullptr;

[[noreturn]] void tell_and_end() noexcept {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    constexpr std::string_view kLine = "\nrepro-worker: error: out of memory\n";
    if (::write(STDERR_FILENO, kLine.data(), kLine.size()) < 0) std::abort();
    ::_exit(static_cast<int>(Exit::run_failed));
  } catch (...) {
  }
  if (usual_end != nullptr) usual_end();
  std::abort();
}

void before_all_libraries() { usual_end = std::set_terminate(tell_and_end); }

[[gnu::section(".preinit_array"), gnu::used]] void (*kBeforeAllLibraries)() = before_all_libraries;

nlohmann::json environment_of(const std::string& device) {
  nlohmann::json facts = repro::run::describe_environment(TORCH_VERSION, device);
  facts["kernels"] = std::string(repro::model::cpu::name(repro::model::cpu::isa()));
  return facts;
}

// Seconds to wait for another worker of this run. A queue that starts a job again, because it lost
// the machine of the first, cannot know whether the first still works.
double patience() {
  const char* seconds = std::getenv("REPRO_LOCK_PATIENCE");
  return seconds != nullptr ? std::strtod(seconds, nullptr) : 0;
}

// Who holds it is kept in it, for people.
repro::FileLock take_lock(const repro::fs::path& path) {
  const repro::Stopwatch waiting;
  while (true) {
    if (auto lock = repro::FileLock::try_acquire(path)) {
      char host[256] = {};
      ::gethostname(host, sizeof(host) - 1);
      std::ofstream(path, std::ios::trunc) << host << ", process " << ::getpid() << "\n";
      return std::move(*lock);
    }
    if (interrupted) throw Error(Exit::interrupted, "{}: interrupted while waiting", path.string());
    if (waiting.seconds() >= patience()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const std::string holder(repro::trim(repro::read_file(path)));
  throw Error("{}: another worker is at work there ({})", path.parent_path().string(), holder);
}

void work(const repro::run::RunDirectory& directory) {
  const repro::run::OpenedJob job = repro::run::open_job(directory);
  const std::string device = job.spec.value("device", "cpu");
  repro::write_file_atomically(directory.environment_file(), environment_of(device).dump(1) + "\n");
  const nlohmann::json result = repro::worker::run_job(job, directory, interrupted);
  repro::write_file_atomically(directory.result_file(), result.dump(1) + "\n");
  directory.mark_done();
}

// One line for FAILED, all there is for stderr.
int fail(repro::run::LastWords& last_words, const std::string& text, Exit code) {
  std::fprintf(stderr, "repro-worker: error: %s\n", text.c_str());
  last_words.say(repro::split(text, '\n').front());
  return static_cast<int>(code);
}

int run(const repro::run::RunDirectory& directory) {
  if (directory.state() == repro::run::State::done) return 0;  // by a process that was killed then
  repro::run::LastWords last_words(directory);
  try {
    work(directory);
    return 0;
  } catch (const Error& error) {
    if (error.exit() != Exit::interrupted) return fail(last_words, error.what(), error.exit());
    std::fprintf(stderr, "repro-worker: %s\n", error.what());
    return static_cast<int>(Exit::interrupted);
  } catch (const c10::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return fail(last_words, std::string("LibTorch: ") + error.what_without_backtrace(),
                Exit::run_failed);
  } catch (const std::bad_alloc&) {
    return fail(last_words, "out of memory; make the batch or the model smaller", Exit::run_failed);
  } catch (const std::exception& error) {
    return fail(last_words, error.what(), Exit::run_failed);
  }
}

int say_environment() {
  std::printf("%s\n", environment_of("cpu").dump(1).c_str());
  return 0;
}

// What the caller has to say besides FAILED, on stderr; the exit code.
int say_errors(const std::function<int()>& body) {
  try {
    return body();
  } catch (const repro::train::RankLost& error) {
    std::fprintf(stderr, "repro-worker: %s\n", error.what());
    return repro::train::kRankLostExit;
  } catch (const Error& error) {
    std::fprintf(stderr, "repro-worker: error: %s\n", error.what());
    return static_cast<int>(error.exit());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "repro-worker: error: %s\n", error.what());
    return static_cast<int>(Exit::run_failed);
  }
}

int run_alone(const repro::run::RunDirectory& directory) {
  const repro::FileLock lock = take_lock(directory.lock_file());
  return run(directory);
}

// The worker that started this one holds the lock, and writes.
int run_rank(const repro::run::RunDirectory& directory, const repro::worker::RankCall& call) {
  repro::worker::train_as(call, repro::run::open_job(directory), directory, interrupted);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool asks = argc == 2 && std::string_view(argv[1]) == "--environment";
  const bool is_rank = argc == 5 && std::string_view(argv[2]) == "--rank";
  if ((argc != 2 && !is_rank) || (argv[1][0] == '-' && !asks)) {
    std::fprintf(stderr,
                 "usage: repro-worker <run-dir>\nDoes the job in <run-dir>/job.json; `repro run` "
                 "makes such folders and starts this program. Of a job of several ranks it starts "
                 "the others itself, as repro-worker <run-dir> --rank <number> <meeting file>.\n"
                 "       repro-worker --environment\nSays where it would run.\n");
    return static_cast<int>(Exit::usage);
  }
  if (asks) return say_errors(say_environment);
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  const repro::run::RunDirectory directory(argv[1]);
  const int code = say_errors([&] {
    if (!is_rank) return run_alone(directory);
    return run_rank(directory, {std::strtol(argv[3], nullptr, 10), argv[4]});
  });
  // Not by return: what libraries tear down then fails where memory was too short to set it up.
  std::fflush(nullptr);
  std::_Exit(code);
}
