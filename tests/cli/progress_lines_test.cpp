#include "cli/progress_lines.hpp"

#include <catch2/catch.hpp>

#include "base/unicode.hpp"

namespace repro::cli {
namespace {

TEST_CASE("a training's line shows step, loss, speed and the time left", "[cli]") {
  const JobProgress progress{.name = "train-a",
                             .phase = "train",
                             .unit = "steps",
                             .done = 212,
                             .total = 640,
                             .loss = 5.21337,
                             .tokens_per_second = 2431.4,
                             .seconds_left = 160};
  CHECK(job_line(progress, 10) ==
        "train-a     212/640 steps   33 %  loss 5.2134  2,431 tok/s  2 min 40 s left");
}

TEST_CASE("a phase without a known total shows what is done", "[cli]") {
  const JobProgress progress{
      .name = "prepare-web", .phase = "tokenize", .unit = "documents", .done = 12'000};
  CHECK(job_line(progress, 11) == "prepare-web  tokenize  12.0 k documents");
}

TEST_CASE("a job that has recorded nothing yet is starting", "[cli]") {
  CHECK(job_line({.name = "merge"}, 5) == "merge  starting");
}

TEST_CASE("a percentage is rounded down, so that 100 % means done", "[cli]") {
  const JobProgress progress{
      .name = "a", .phase = "train", .unit = "steps", .done = 639, .total = 640};
  CHECK(job_line(progress, 1).find(" 99 %") != std::string::npos);
}

TEST_CASE("the total line counts jobs and gives the time left", "[cli]") {
  CHECK(
      total_line({.done = 14, .jobs = 66, .running = 2, .fraction = 0.217, .seconds_left = 1100}) ==
      "14 of 66 jobs   21 %  2 running  18 min 20 s left");
  CHECK(total_line({.done = 1, .jobs = 9, .running = 1, .failed = 3, .stopping = true}) ==
        "1 of 9 jobs    0 %  1 running  3 failed or blocked  stopping: checkpoints are being "
        "written");
}

TEST_CASE("on a terminal what matters most stands first, with a bar and the way of the loss",
          "[cli]") {
  const JobProgress progress{.name = "train-a",
                             .phase = "train",
                             .unit = "steps",
                             .done = 320,
                             .total = 640,
                             .loss = 5.21337,
                             .tokens_per_second = 2431.4,
                             .seconds_left = 160,
                             .losses = {8, 7, 6, 5.5, 5.2}};
  CHECK(
      live_job_line(progress, 8) ==
      "train-a   █████      50 %  2 min 40 s left  loss 5.2134 █▆▃▁▁  320/640 steps  2,431 tok/s");
  CHECK(live_job_line(
            {.name = "train-a", .phase = "saving", .unit = "steps", .done = 640, .total = 640},
            8) == "train-a   saving  640/640 steps");
  CHECK(live_total_line(
            {.done = 14, .jobs = 66, .running = 2, .fraction = 0.217, .seconds_left = 1100}) ==
        "████▎                21 %  18 min 20 s left  14 of 66 jobs  2 running");
}

TEST_CASE("a bar is empty at nothing, full at the end alone, and grows by eighths", "[cli]") {
  CHECK(bar(0, 4) == "    ");
  CHECK(bar(1, 4) == "████");
  CHECK(bar(0.999, 4) == "███▉");
  CHECK(bar(2, 4) == "████");
  CHECK(bar(-1, 4) == "    ");
  for (int i = 0; i <= 100; ++i) CHECK(display_width(bar(i / 100.0, 7)) == 7);
}

TEST_CASE("a sparkline spans its values from the lowest to the highest sign", "[cli]") {
  CHECK(sparkline(std::vector<double>{}, 5).empty());
  CHECK(sparkline(std::vector<double>{3}, 5) == "▁");
  CHECK(sparkline(std::vector<double>{1, 2, 3}, 5) == "▁▅█");
  std::vector<double> many;
  for (int i = 0; i < 1000; ++i) many.push_back(1000 - i);
  CHECK(display_width(sparkline(many, 10)) == 10);
  CHECK(sparkline(many, 8) == "█▇▆▅▄▃▂▁");
}

TEST_CASE("jobs that wait in a queue are counted beside those that run", "[cli]") {
  CHECK(total_line({.done = 1, .jobs = 9, .running = 2, .queued = 6, .seconds_left = 10}) ==
        "1 of 9 jobs    0 %  2 running  6 queued  10.0 s left");
}

TEST_CASE("a line is cut to the width of the terminal, never inside a character", "[cli]") {
  CHECK(fit_width("abcdef", 6) == "abcdef");
  CHECK(fit_width("abcdefg", 6) == "abcde…");
  const std::string umlauts = "äöüäöüäöü";
  for (size_t width = 1; width < 9; ++width) {
    const std::string cut = fit_width(umlauts, width);
    CHECK(display_width(cut) == width);
    CHECK(umlauts.starts_with(cut.substr(0, cut.size() - std::string("…").size())));
  }
}

}  // namespace
}  // namespace repro::cli
