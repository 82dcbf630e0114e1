// repro-bench step [--model NAME] [--precision P] [--plain] [--forward] [--threads N] [--steps N]
// [--json]
//     one training step, or its forward pass as evaluations take it: tokens/s, FLOP/s, share of the
//     matrix products' own rate, memory, parts
// repro-bench reading [--precision P] [--threads N] [--repetitions N] [--json]
//     tokens/s of a densely trained model read with fewer of its experts, by share
// repro-bench ranks [--model NAME] [--precision P] [--ranks N] [--rounds N] [--steps N] [--after]
// [--json]
//     a step by one process and by several, the cost of their exchange, and what it says of more
// repro-bench coverage [--tables N] [--seeds N] [--busy]
//     how often intervals of made-up tables hold the truth
// repro-bench gate [--nulls N] [--seed N]
//     how often `repro check` is red without a cause, and finds a change of known size
// repro-bench [Google Benchmark's flags]
//     the hot loops one by one

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <c10/util/Exception.h>

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "bench/coverage.hpp"
#include "bench/gate.hpp"
#include "bench/ranks.hpp"
#include "bench/reading.hpp"
#include "bench/step.hpp"

namespace {

using repro::Error;
using repro::Exit;

int positive(const std::string& option, const std::string& text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 1)
    throw Error(Exit::usage, "{}: '{}' is not a number above 0", option, text);
  return value;
}

// The value of an option that needs one.
const std::string& value_after(const std::vector<std::string>& words, size_t& at) {
  if (at + 1 == words.size()) throw Error(Exit::usage, "{}: a value is missing", words[at]);
  return words[++at];
}

repro::bench::StepOptions parse_step(const std::vector<std::string>& words) {
  repro::bench::StepOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&] { return value_after(words, i); };
    if (word == "--json")
      options.json = true;
    else if (word == "--plain")
      options.fused = false;
    else if (word == "--forward")
      options.forward_only = true;
    else if (word == "--model")
      options.model = value();
    else if (word == "--precision")
      options.precision = value();
    else if (word == "--threads")
      options.threads = positive(word, value());
    else if (word == "--steps")
      options.steps = positive(word, value());
    else
      throw Error(Exit::usage,
                  "step: unknown option '{}'; one of --model, --precision, --plain, --forward, "
                  "--threads, --steps, --json",
                  word);
  }
  return options;
}

int step(const std::vector<std::string>& words) {
  const repro::bench::StepReport report = repro::bench::measure_step(parse_step(words));
  const std::string text =
      report.options.json ? repro::bench::to_json(report) : repro::bench::to_text(report);
  std::fputs(text.c_str(), stdout);
  return 0;
}

repro::bench::ReadingOptions parse_reading(const std::vector<std::string>& words) {
  repro::bench::ReadingOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--json")
      options.json = true;
    else if (word == "--precision")
      options.precision = value_after(words, i);
    else if (word == "--threads")
      options.threads = positive(word, value_after(words, i));
    else if (word == "--repetitions")
      options.repetitions = positive(word, value_after(words, i));
    else
      throw Error(Exit::usage,
                  "reading: unknown option '{}'; one of --precision, --threads, --repetitions, "
                  "--json",
                  word);
  }
  return options;
}

int reading(const std::vector<std::string>& words) {
  const repro::bench::ReadingReport report = repro::bench::measure_reading(parse_reading(words));
  const std::string text =
      report.options.json ? repro::bench::to_json(report) : repro::bench::to_text(report);
  std::fputs(text.c_str(), stdout);
  return 0;
}

repro::bench::CoverageOptions parse_coverage(const std::vector<std::string>& words) {
  repro::bench::CoverageOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--tables")
      options.tables = positive(word, value_after(words, i));
    else if (word == "--seeds")
      options.seeds = positive(word, value_after(words, i));
    else if (word == "--busy")
      options.busy = true;
    else
      throw Error(Exit::usage, "coverage: unknown option '{}'; one of --tables, --seeds, --busy",
                  word);
  }
  return options;
}

int coverage(const std::vector<std::string>& words) {
  const std::string text =
      repro::bench::to_text(repro::bench::measure_coverage(parse_coverage(words)));
  std::fputs(text.c_str(), stdout);
  return 0;
}

int gate(const std::vector<std::string>& words) {
  repro::bench::GateBenchOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (word == "--nulls")
      options.nulls = positive(word, value_after(words, i));
    else if (word == "--seed")
      options.seed = static_cast<uint64_t>(positive(word, value_after(words, i)));
    else
      throw Error(Exit::usage, "gate: unknown option '{}'; one of --nulls, --seed", word);
  }
  std::fputs(repro::bench::to_text(repro::bench::measure_gate(options)).c_str(), stdout);
  return 0;
}

repro::bench::RanksOptions parse_ranks(const std::vector<std::string>& words) {
  repro::bench::RanksOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const auto value = [&] { return value_after(words, i); };
    if (word == "--json")
      options.json = true;
    else if (word == "--after")
      options.after = true;
    else if (word == "--model")
      options.model = value();
    else if (word == "--precision")
      options.precision = value();
    else if (word == "--ranks")
      options.ranks = positive(word, value());
    else if (word == "--rounds")
      options.rounds = positive(word, value());
    else if (word == "--steps")
      options.steps = positive(word, value());
    else if (word == "--rank")
      options.rank = positive(word, value());
    else if (word == "--meeting")
      options.meeting = value();
    else
      throw Error(Exit::usage,
                  "ranks: unknown option '{}'; one of --model, --precision, --ranks, --rounds, "
                  "--steps, --after, --json",
                  word);
  }
  if (options.ranks < 2) throw Error(Exit::usage, "--ranks: at least 2");
  return options;
}

int ranks(const std::vector<std::string>& words) {
  const repro::bench::RanksOptions options = parse_ranks(words);
  if (options.rank > 0) {
    repro::bench::work_as_rank(options);
    return 0;
  }
  const repro::bench::RanksReport report = repro::bench::measure_ranks(options);
  const std::string text =
      options.json ? repro::bench::to_json(report) : repro::bench::to_text(report);
  std::fputs(text.c_str(), stdout);
  return 0;
}

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "step") return step({argv + 2, argv + argc});
  if (argc > 1 && std::string_view(argv[1]) == "reading") return reading({argv + 2, argv + argc});
  if (argc > 1 && std::string_view(argv[1]) == "ranks") return ranks({argv + 2, argv + argc});
  if (argc > 1 && std::string_view(argv[1]) == "coverage") return coverage({argv + 2, argv + argc});
  if (argc > 1 && std::string_view(argv[1]) == "gate") return gate({argv + 2, argv + argc});
  at::set_num_threads(1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return static_cast<int>(Exit::usage);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "repro-bench: error: %s\n", error.what());
    return static_cast<int>(error.exit());
  } catch (const c10::Error& error) {
    std::fprintf(stderr, "repro-bench: error: LibTorch: %s\n", error.what_without_backtrace());
    return static_cast<int>(Exit::run_failed);
  }
}
