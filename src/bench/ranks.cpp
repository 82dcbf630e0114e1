#include "bench/ranks.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "bench/workloads.hpp"
#include "model/transformer.hpp"
#include "train/gradient_sum.hpp"
#include "train/optimizer.hpp"
#include "train/rank_state.hpp"
#include "train/ranks.hpp"

namespace repro::bench {
namespace {

constexpr int kWarmUp = 2;  // the first steps allocate and prepare
constexpr int kSums = 12;   // of each size
const std::vector<int64_t> kSizes = {4, 1'000, 100'000, 1'000'000, 10'000'000, 40'000'000};

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// One process' share of the work; every rank makes the same calls in the same order.
class RankBench {
 public:
  RankBench(const RanksOptions& options, train::Ranks& ranks)
      : options_(options),
        work_(workload(options.model)),
        ranks_(ranks),
        model_(work_.model, {.precision = model::parse_precision(options.precision)}),
        whole_({}, model_.flat_values(), model_.flat_gradients(), model_.decayed_count()),
        optimizer_(train::make_optimizer({}, model_, ranks, /*shard=*/false)),
        summing_(model_, ranks) {
    at::manual_seed(0);
    tokens_ = at::randint(work_.model.vocabulary, {work_.batch, work_.tokens + 1}, at::kLong);
    model_.initialise(0);
    model_.values_changed();
  }

  RanksReport run() {
    RanksReport report;
    report.options = options_;
    report.parameters = model_.parameter_count();
    report.bytes = 4.0 * static_cast<double>(report.parameters);
    for (int step = 0; step < kWarmUp; ++step) {
      alone_step();
      together_step();
    }
    std::vector<double> shares;
    for (int round = 0; round < options_.rounds; ++round) {
      // Of rank 0, while the others wait.
      if (ranks_.first())
        report.alone.push_back(measure_round(&RankBench::alone_step, report.fastest_alone));
      ranks_.wait_for_all();
      const double communicated = ranks_.seconds();
      report.together.push_back(measure_round(&RankBench::together_step, report.fastest_together));
      shares.push_back((ranks_.seconds() - communicated) /
                       (report.together.back() * options_.steps));
    }
    report.communication = middle(shares);
    report.optimizer_seconds = optimizer_seconds_ / optimizer_steps_;
    report.sums = measure_sums();
    if (ranks_.first()) report.link = measure::fit_link(report.sums);
    return report;
  }

 private:
  // Seconds of a step of a round, and the fastest of all rounds in `fastest`.
  double measure_round(void (RankBench::*make)(), double& fastest) {
    const Stopwatch watch;
    for (int i = 0; i < options_.steps; ++i) {
      const Stopwatch one;
      (this->*make)();
      fastest = fastest == 0 ? one.seconds() : std::min(fastest, one.seconds());
    }
    return watch.seconds() / options_.steps;
  }

  void alone_step() {
    train::Ranks alone;
    train::GradientSum nothing(model_, alone);
    step(alone, whole_, nothing, {0, work_.batch});
  }

  void together_step() {
    step(ranks_, optimizer_, summing_, train::part_of(work_.batch, ranks_.rank(), ranks_.count()));
  }

  // As the trainer makes it.
  void step(train::Ranks& ranks, train::AdamW& optimizer, train::GradientSum& summing,
            const train::Part& rows) {
    model_.zero_gradients();
    const double share = static_cast<double>(rows.count) / static_cast<double>(work_.batch);
    const model::Loss loss =
        model_.forward(tokens_.narrow(0, rows.first, rows.count), /*training=*/true,
                       {.step = steps_++, .first_row = rows.first * work_.tokens},
                       options_.after ? model::StageDone{} : summing.beginning());
    loss.total.mul(share).backward();
    if (options_.after)
      ranks.sum(model_.flat_gradients());
    else
      summing.finish();
    ranks.sum({loss.lm * share, loss.aux * share, 0.0});
    const Stopwatch optimizing;
    const double norm = train::norm_together(optimizer, ranks);
    train::update_together(optimizer, model_, ranks, 3e-4, norm);
    if (!ranks.alone()) return;
    optimizer_seconds_ += optimizing.seconds();
    ++optimizer_steps_;
  }

  std::vector<measure::MeasuredSum> measure_sums() {
    std::vector<measure::MeasuredSum> sums;
    for (const int64_t bytes : kSizes) {
      const at::Tensor numbers = at::ones({bytes / 4});
      double best = 0;
      for (int sum = 0; sum < kSums; ++sum) {
        const Stopwatch watch;
        ranks_.sum(numbers);
        const double seconds = watch.seconds();
        best = sum == 0 ? seconds : std::min(best, seconds);
      }
      sums.push_back({ranks_.count(), static_cast<double>(bytes), best});
    }
    return sums;
  }

  const RanksOptions& options_;
  const Workload& work_;
  train::Ranks& ranks_;
  model::Transformer model_;
  train::AdamW whole_;      // of one process alone
  train::AdamW optimizer_;  // of all ranks
  train::GradientSum summing_;
  at::Tensor tokens_;
  uint64_t steps_ = 0;
  double optimizer_seconds_ = 0;
  int optimizer_steps_ = 0;
};

struct MeetingFolder {
  MeetingFolder() {
    std::string name = (fs::temp_directory_path() / "repro-ranks-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw Error(Exit::run_failed, "{}: cannot make a folder", name);
    path = name;
  }
  ~MeetingFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  MeetingFolder(const MeetingFolder&) = delete;
  MeetingFolder& operator=(const MeetingFolder&) = delete;
  fs::path path;
};

// Ranks 1 and on: this program with these options.
std::vector<Child> start_others(const RanksOptions& options, const fs::path& folder) {
  std::vector<Child> others;
  for (int64_t rank = 1; rank < options.ranks; ++rank) {
    const fs::path log = folder / fmt::format("rank-{}.log", rank);
    Command command{.words = train::rank_prefix(rank)};
    command.words.insert(
        command.words.end(),
        {fs::read_symlink("/proc/self/exe").string(), "ranks", "--model", options.model,
         "--precision", options.precision, "--ranks", std::to_string(options.ranks), "--rounds",
         std::to_string(options.rounds), "--steps", std::to_string(options.steps), "--rank",
         std::to_string(rank), "--meeting", (folder / "meeting").string()});
    if (options.after) command.words.push_back("--after");
    others.emplace_back(command, log, log);
  }
  return others;
}

measure::StepParts parts_of(const RanksReport& r) {
  return {.shared_seconds = middle(r.alone) - r.optimizer_seconds,
          .whole_seconds = r.optimizer_seconds,
          .bytes = r.bytes};
}

std::vector<int64_t> more_devices() { return {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}; }

struct Ratios {
  double least = 0, middle = 0, greatest = 0;
};
Ratios ratios_of(const RanksReport& r) {
  std::vector<double> ratios;
  for (size_t round = 0; round < r.alone.size(); ++round) ratios.push_back(r.ratio(round));
  std::sort(ratios.begin(), ratios.end());
  return {ratios.front(), ratios[ratios.size() / 2], ratios.back()};
}

}  // namespace

void work_as_rank(const RanksOptions& options) {
  at::set_num_threads(1);
  train::Ranks ranks({.rank = options.rank, .ranks = options.ranks, .meeting = options.meeting});
  RankBench(options, ranks).run();
}

RanksReport measure_ranks(const RanksOptions& options) {
  const Workload& work = workload(options.model);
  if (options.ranks > work.batch)
    throw Error(Exit::usage, "--ranks: {} ranks need a row of the batch each, which has {}",
                options.ranks, work.batch);
  at::set_num_threads(1);
  const MeetingFolder meeting;
  const fs::path& folder = meeting.path;
  std::vector<Child> others = start_others(options, folder);
  const auto look = [&] {
    for (size_t i = 0; i < others.size(); ++i)
      if (others[i].poll())
        throw Error(Exit::run_failed, "rank {} ended: {}", i + 1,
                    trim(read_file(folder / fmt::format("rank-{}.log", i + 1))));
  };
  train::Ranks ranks(
      {.ranks = options.ranks, .meeting = folder / "meeting", .while_waiting = look});
  return RankBench(options, ranks).run();
}

std::string to_text(const RanksReport& r) {
  const Ratios ratios = ratios_of(r);
  std::string text = fmt::format(
      "model {}  parameters {}  gradient {}  precision {}  one thread each, {} rounds of {} steps "
      "in "
      "turns, medians\n"
      "{:>10.1f}  ms a step of 1 rank       (optimizer {:.1f} ms)\n"
      "{:>10.1f}  ms a step of {} ranks      ({:.1f} % of it their exchange, with the wait for the "
      "slower)\n"
      "{:>10.2f}  times as fast             ({:.2f} to {:.2f} by round; {:.2f} of the fastest "
      "steps, {:.1f} "
      "and {:.1f} ms)\n",
      r.options.model, with_commas(r.parameters), human_bytes(r.bytes), r.options.precision,
      r.options.rounds, r.options.steps, 1e3 * middle(r.alone), 1e3 * r.optimizer_seconds,
      1e3 * middle(r.together), r.options.ranks, 100 * r.communication, ratios.middle, ratios.least,
      ratios.greatest, r.fastest_alone / r.fastest_together, 1e3 * r.fastest_alone,
      1e3 * r.fastest_together);
  for (const measure::MeasuredSum& sum : r.sums)
    text +=
        fmt::format("{:>10.3f}  ms a sum of {}{}\n", 1e3 * sum.seconds, human_bytes(sum.bytes),
                    sum.bytes > 1e6 ? fmt::format("  ({}/s)", human_bytes(sum.bytes / sum.seconds))
                                    : std::string());
  text += fmt::format(
      "link: {:.1f} us and {}/s; by it a step over more such devices, the batch fixed, or grown "
      "with them:\n",
      1e6 * r.link.latency_seconds, human_bytes(r.link.bytes_per_second));
  for (const int64_t devices : more_devices()) {
    const measure::Scaling fixed = measure::scale(parts_of(r), r.link, devices);
    const measure::Scaling grown = measure::scale_with_batch(parts_of(r), r.link, devices);
    text += fmt::format(
        "{:>10}  devices: each at {:5.1f} % of its own rate, {:5.1f} % exchange; grown {:5.1f} %\n",
        devices, 100 * fixed.efficiency, 100 * fixed.communication, 100 * grown.efficiency);
  }
  return text;
}

std::string to_json(const RanksReport& r) {
  const Ratios ratios = ratios_of(r);
  nlohmann::ordered_json json = {{"model", r.options.model},
                                 {"precision", r.options.precision},
                                 {"ranks", r.options.ranks},
                                 {"parameters", r.parameters},
                                 {"gradient_bytes", r.bytes},
                                 {"seconds_alone", r.alone},
                                 {"seconds_together", r.together},
                                 {"fastest_alone", r.fastest_alone},
                                 {"fastest_together", r.fastest_together},
                                 {"ratio", ratios.middle},
                                 {"ratio_low", ratios.least},
                                 {"ratio_high", ratios.greatest},
                                 {"communication", r.communication},
                                 {"optimizer_seconds", r.optimizer_seconds},
                                 {"latency_seconds", r.link.latency_seconds},
                                 {"bytes_per_second", r.link.bytes_per_second}};
  for (const measure::MeasuredSum& sum : r.sums)
    json["sums"].push_back({{"bytes", sum.bytes}, {"seconds", sum.seconds}});
  for (const int64_t devices : more_devices()) {
    const measure::Scaling fixed = measure::scale(parts_of(r), r.link, devices);
    json["scaling"].push_back(
        {{"devices", devices},
         {"efficiency", fixed.efficiency},
         {"communication", fixed.communication},
         {"efficiency_grown_batch",
          measure::scale_with_batch(parts_of(r), r.link, devices).efficiency}});
  }
  return json.dump(1) + "\n";
}

}  // namespace repro::bench
