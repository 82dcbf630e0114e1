// One row a kind of number that other programs write and that once became a wrong one.

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "import/foreign_log.hpp"
#include "import/log_text.hpp"
#include "measure/steps_to_target.hpp"
#include "temporary_directory.hpp"

namespace repro::imports {
namespace {

using Catch::Contains;

const fs::path kForeign = fs::path(REPRO_TESTS) / "import" / "logs";

ImportedLog read_fixture(const std::string& file, const ForeignLog& log) {
  return import_foreign_log(kForeign / file, log);
}

ImportedLog read_content(const std::string& text, const ForeignLog& log) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "train.log";
  std::ofstream(path, std::ios::binary) << text;
  return import_foreign_log(path, log);
}

std::string refusal(const std::string& text, const ForeignLog& log) {
  try {
    read_content(text, log);
  } catch (const Error& error) {
    CHECK(error.exit() == Exit::bad_log);
    const std::string what = error.what();
    return what.substr(what.find("train.log"));
  }
  return "no error";
}

double seconds_in(const ImportedLog& log) { return log.records.steps.back().clocks.train; }
int64_t tokens_in(const ImportedLog& log) { return log.records.steps.back().tokens; }

TEST_CASE("a target between step 0 and the next is reached between them", "[import]") {
  const ImportedLog log = read_fixture("csv_step_zero_target.csv", {.format = "csv"});
  const auto crossing = measure::first_crossing(
      std::vector<int64_t>{log.records.steps[0].step, log.records.steps[1].step},
      std::vector<double>{9, 2}, {5, 0});
  CHECK(crossing.text() == "6 (0 to 10]");
}

TEST_CASE("validation lines of torchtitan are evaluations, its batch line states the tokens",
          "[import]") {
  const ImportedLog log =
      read_fixture("torchtitan_validate.log", {.format = "torchtitan", .tokens_per_step = 1000});
  CHECK(log.records.steps.back().loss == 4.5);
  CHECK(log.records.evals.size() == 2);
  CHECK(log.records.evals[1].split == "valid");
  CHECK(tokens_in(log) / seconds_in(log) == Approx(1000));
  const std::string batch =
      "- INFO - Trainer is initialized with local batch size 8, global batch size 16, gradient "
      "accumulation steps 1, sequence length 128, total steps 9 (warmup 2)\n";
  const std::string step = "- INFO - step:  4  loss:  8.2  tps: 1,024  mfu: 0.40%\n";
  const ImportedLog stated = read_content(batch + step, {.format = "torchtitan"});
  CHECK(tokens_in(stated) == 4 * 2048);
  CHECK(seconds_in(stated) == Approx(8));
  CHECK_THAT(refusal(batch + step, {.format = "torchtitan", .tokens_per_step = 100}),
             Contains("train.log:1: the log says 2048 tokens a step, --tokens-per-step 100"));
  CHECK_THAT(read_content(step, {.format = "torchtitan"}).untimed, Contains("--tokens-per-step"));
}

TEST_CASE("a loss of -1, of NaN, or blank is counted and is no loss", "[import]") {
  const ImportedLog ranks =
      read_fixture("torchtitan_pp.log", {.format = "torchtitan", .tokens_per_step = 1000});
  CHECK(ranks.records.steps.empty());
  CHECK(ranks.without_loss == 2);
  CHECK(ranks.last_step == 2);
  const ImportedLog blank = read_fixture("csv_blank_loss.csv", {.format = "csv"});
  CHECK(blank.records.steps.size() == 2);
  CHECK(blank.without_loss == 1);
  const ImportedLog mixed =
      read_content("step,loss,grad_norm\n1,4.0,1\n2,nan,1\n3,-inf,1\n4,None,1\n5,-1,1\n6,0.0,nan\n",
                   {.format = "csv"});
  CHECK(mixed.records.steps.size() == 1);
  CHECK(mixed.not_finite == 3);  // 0 without a gradient is a lost loss
  CHECK(mixed.without_loss == 2);
  CHECK(mixed.ended_not_finite);
}

TEST_CASE("of a pipeline's ranks the one with the loss counts", "[import]") {
  const std::string log =
      "[rank0]:[titan] step:  1  loss: -1.0000  tps: 100\n"
      "[rank3]:[titan] step:  1  loss:  7.0000  tps: 100\n"
      "[rank0]:[titan] step:  2  loss: -1.0000  tps: 100\n"
      "[rank3]:[titan] step:  2  loss:  6.0000  tps: 100\n";
  const ImportedLog read = read_content(log, {.format = "torchtitan", .tokens_per_step = 100});
  CHECK(read.records.steps.size() == 2);
  CHECK(read.records.steps.back().loss == 6);
  CHECK(read.other_ranks == 2);
  CHECK(read.replaced == 0);
}

TEST_CASE("two ranks in one table are one run, by column or by the steps' pairs", "[import]") {
  const ImportedLog pairs = read_content(
      "step,loss,seconds\n10,5.0,10.0\n10,5.5,9.9\n20,4.0,20.0\n20,4.5,19.9\n", {.format = "csv"});
  CHECK(pairs.records.steps.back().loss == 4.0);
  CHECK(seconds_in(pairs) == 20);
  CHECK(pairs.other_ranks == 2);
  const ImportedLog column =
      read_content("rank,step,loss\n0,10,-1\n1,10,5.5\n0,20,-1\n1,20,4.5\n", {.format = "csv"});
  CHECK(column.records.steps.back().loss == 4.5);
  CHECK(column.records.steps.size() == 2);
  const std::string hf =
      "[default0]:{'loss': 9.0, 'epoch': 0.1}\n[default1]:{'loss': 9.5, 'epoch': 0.1}\n"
      "[default0]:{'loss': 8.0, 'epoch': 0.2}\n[default1]:{'loss': 8.5, 'epoch': 0.2}\n";
  const ImportedLog printed = read_content(hf, {.format = "hf-trainer", .logging_steps = 10});
  CHECK(printed.last_step == 20);
  CHECK(printed.records.steps.back().loss == 8.0);
}

TEST_CASE("an evaluation's time in nanoGPT's iteration counts once", "[import]") {
  const ImportedLog log =
      read_fixture("nanogpt_eval_time.log", {.format = "nanogpt", .tokens_per_step = 16384});
  CHECK(seconds_in(log) == Approx(85));
  CHECK(tokens_in(log) / seconds_in(log) == Approx(4047.8).epsilon(1e-4));
  CHECK(log.last_step == 41);
  CHECK(log.ended_not_finite);
  const ImportedLog always = read_content(
      "step 0: train loss 4, val loss 4\niter 0: loss 4, time 9000.00ms\n"
      "step 10: train loss 3, val loss 3\niter 10: loss 3, time 9000.00ms\n",
      {.format = "nanogpt"});
  CHECK_FALSE(always.timed);
  CHECK_THAT(always.untimed, Contains("holds an evaluation"));
}

TEST_CASE("a time's unit is read, never guessed", "[import]") {
  const auto nanogpt = [](const std::string& time) {
    return read_content("iter 0: loss 4, time " + time + "\niter 10: loss 3, time " + time + "\n",
                        {.format = "nanogpt"});
  };
  CHECK(seconds_in(nanogpt("1500.00ms, mfu 1%")) == Approx(16.5));
  CHECK(seconds_in(nanogpt("1.50s, mfu 1%")) == Approx(16.5));
  CHECK_FALSE(nanogpt("1.50, mfu 1%").timed);
  const ImportedLog deepspeed = read_fixture("megatron_ds.log", {.format = "megatron"});
  CHECK(seconds_in(deepspeed) == Approx(40));
  CHECK(tokens_in(deepspeed) == 61440);
  CHECK(seconds_in(read_content("step,loss,time_ms\n1,2,1500\n", {.format = "csv"})) == 1.5);
  const ImportedLog unitless = read_content("step,loss,time\n1,2,1500\n", {.format = "csv"});
  CHECK_FALSE(unitless.timed);
  CHECK_THAT(unitless.untimed, Contains("column 'time' states no unit"));
  CHECK(seconds_in(read_content("Step,Loss,Time\n1,2,0:01:30\n", {.format = "csv"})) == 90);
}

TEST_CASE("the text log's epochs tell its steps", "[import]") {
  const ForeignLog tens{.format = "hf-trainer", .tokens_per_step = 1000, .logging_steps = 10};
  const ImportedLog resumed = read_fixture("hf_resume.log", tens);
  CHECK(resumed.last_step == 40);
  CHECK(resumed.replaced == 1);
  CHECK(resumed.records.steps[2].loss == 7.1);
  // Its runtime is of the second process alone.
  CHECK_FALSE(resumed.timed);
  for (const int64_t logging_steps : {0, 10}) {
    const ImportedLog first = read_fixture(
        "hf_first_step.log",
        {.format = "hf-trainer", .tokens_per_step = 100, .logging_steps = logging_steps});
    CHECK(first.records.steps[0].step == 1);
    CHECK(first.records.steps[1].step == 10);
    CHECK(first.last_step == 20);
    CHECK(tokens_in(first) / seconds_in(first) == Approx(50));
  }
  CHECK_THAT(refusal("{'loss': 9.0, 'epoch': 0.1}\n", {.format = "hf-trainer"}),
             Contains("train.log:1: the line has no step number; give --logging-steps"));
}

TEST_CASE("epochs of four digits, which hide the logging interval, are not counted by",
          "[import]") {
  std::string text;
  for (int i = 1; i <= 900; ++i)
    text += fmt::format("{{'loss': '3.0', 'epoch': '{:.4g}'}}\n", i * 10 / 6000.0);
  text += "{'train_runtime': '3000', 'train_steps_per_second': '3', 'epoch': '1.5'}\n";
  for (const int64_t logging_steps : {0, 10}) {
    const ImportedLog log =
        read_content(text, {.format = "hf-trainer", .logging_steps = logging_steps});
    CHECK(log.records.steps.size() == 900);
    CHECK(log.last_step == 9000);
    CHECK(log.replaced == 0);
    CHECK(seconds_in(log) == Approx(3000));
  }
}

TEST_CASE("two runtimes in one file are added, of a resumed run", "[import]") {
  const std::string text =
      "{'loss': 9.0, 'epoch': 0.5}\n{'loss': 8.0, 'epoch': 1.0}\n"
      "{'train_runtime': 20.0, 'train_steps_per_second': 1.0, 'train_loss': 8.5, 'epoch': 1.0}\n"
      "{'loss': 7.0, 'epoch': 1.5}\n{'loss': 6.0, 'epoch': 2.0}\n"
      "{'train_runtime': 30.0, 'train_steps_per_second': 1.333, 'train_loss': 6.5, 'epoch': 2.0}\n";
  const ImportedLog log = read_content(text, {.format = "hf-trainer", .logging_steps = 10});
  CHECK(log.last_step == 40);
  CHECK(seconds_in(log) == Approx(50));
  CHECK(log.records.steps[1].clocks.train == Approx(20));
  const std::string state = R"({"log_history": [{"loss": 9, "step": 10}, {"loss": 8, "step": 20},
    {"train_runtime": 20, "step": 20}, {"loss": 7, "step": 30}, {"loss": 6, "step": 40},
    {"train_runtime": 30, "step": 40}]})";
  CHECK(seconds_in(read_content(state, {.format = "hf-trainer"})) == Approx(50));
}

TEST_CASE("a second training in one file replaces the first", "[import]") {
  const std::string text =
      "{'loss': 9.0, 'epoch': 0.5}\n{'loss': 8.0, 'epoch': 1.0}\n"
      "{'train_runtime': 20.0, 'train_steps_per_second': 1.0, 'epoch': 1.0}\n"
      "{'loss': 9.5, 'epoch': 0.5}\n{'loss': 8.5, 'epoch': 1.0}\n"
      "{'train_runtime': 30.0, 'train_steps_per_second': 0.667, 'epoch': 1.0}\n";
  const ImportedLog log = read_content(text, {.format = "hf-trainer", .logging_steps = 10});
  CHECK(log.last_step == 20);
  CHECK(log.replaced == 2);
  CHECK(log.records.steps[0].loss == 9.5);
  CHECK(seconds_in(log) == Approx(30));
}

TEST_CASE("a state with NaN and Infinity, as Python writes them, is read", "[import]") {
  const ImportedLog log = read_fixture("hf_nan_state.json", {.format = "hf-trainer"});
  CHECK(log.records.steps.size() == 3);
  CHECK(log.records.steps.back().loss == 7.0);
  CHECK(seconds_in(log) == Approx(60));
  CHECK(log.records.steps[1].grad_norm == 0);
  const ImportedLog diverged = read_content(
      R"({"log_history": [{"loss": 9, "step": 1}, {"loss": -Infinity, "step": 2, "note": "NaN \" NaN"}]})",
      {.format = "hf-trainer"});
  CHECK(diverged.not_finite == 1);
  CHECK_THAT(refusal(R"({"log_history": [{"loss": 9, "step": 1e39}]})", {.format = "hf-trainer"}),
             Contains("step = 1e+39: expected a whole number"));
  CHECK_THAT(refusal(R"({"log_history": 3})", {.format = "hf-trainer"}),
             Contains("log_history is no list"));
}

TEST_CASE("a clock that goes back is a restart behind the last step that counts", "[import]") {
  CHECK(seconds_in(read_fixture("csv_resume_clock.csv", {.format = "csv"})) == 35);
  CHECK(seconds_in(read_content("step,loss,seconds\n10,5,10\n20,4,20\n30,3,4\n",
                                {.format = "csv"})) == 24);
  // A clock that the checkpoint keeps goes on.
  CHECK(seconds_in(read_content("step,loss,seconds\n10,5,10\n20,4,20\n20,4.1,21\n30,3,30\n",
                                {.format = "csv"})) == 30);
}

TEST_CASE("hours, minutes and seconds are read whole, other numbers not in part", "[import]") {
  CHECK(seconds_in(read_fixture("csv_hms.csv", {.format = "csv"})) == 18802);
  CHECK(clock_seconds("1 day, 2:00:00") == 93600.0);
  CHECK_FALSE(clock_seconds("10:00"));
  CHECK_FALSE(clock_seconds("0:99:00"));
  CHECK_THAT(refusal("step,loss\n1,\"3,14\"\n", {.format = "csv"}),
             Contains("train.log:2: loss = '3,14': not a number"));
  CHECK_THROWS_WITH(read_fixture("csv_decimal_comma.csv", {.format = "csv"}),
                    Contains("csv_decimal_comma.csv:2: loss = '3,14'"));
  for (const char* cell : {"3.0abc", "3.0.1", "1_000", "0x10", "3 4", "12:30", "2.5%"})
    CHECK_THAT(refusal("step,loss,lr\n1,2," + std::string(cell) + "\n", {.format = "csv"}),
               Contains("not a number"));
  CHECK(leading_number("1,234,567 x") == 1234567.0);
  CHECK_FALSE(leading_number("1,23"));
  CHECK_FALSE(leading_number("3.0abc"));
  CHECK_FALSE(leading_number("0:10:00"));
  CHECK(leading_number("1000.00ms,") == 1000.0);
}

TEST_CASE("a step or a count beyond 2^53, negative or broken is refused at its line", "[import]") {
  CHECK_THROWS_WITH(read_fixture("csv_negative_step.csv", {.format = "csv"}),
                    Contains("csv_negative_step.csv:2: step = -9.2"));
  CHECK_THROWS_WITH(
      read_fixture("megatron_huge_samples.log", {.format = "megatron", .sequence = 8}),
      Contains("megatron_huge_samples.log:1: consumed samples = 1e+39"));
  for (const char* step : {"1e400", "99999999999999999999", "10.5", "-1", "nan"})
    CHECK_THAT(refusal("step,loss\n1,2\n" + std::string(step) + ",2\n", {.format = "csv"}),
               Contains("train.log:3: step = "));
  CHECK_THAT(
      refusal("step,loss\n9000000,2\n", {.format = "csv", .tokens_per_step = 9000000000000000}),
      Contains("more than 2^53"));
  CHECK_THAT(refusal("iter 99999999999999999999: loss 2, time 1ms\n", {.format = "nanogpt"}),
             Contains("train.log:1: iter = 1e+20"));
}

TEST_CASE("the test set's loss is not the validation set's", "[import]") {
  const ImportedLog megatron = read_fixture("megatron_test.log", {.format = "megatron"});
  REQUIRE(megatron.records.evals.size() == 2);
  CHECK(megatron.records.evals[0].split == "valid");
  CHECK(megatron.records.evals[0].loss == 7.5);
  CHECK(megatron.records.evals[1].split == "test");
  const ImportedLog table = read_content(
      "step,split,loss\n10,train,5\n10,valid,6\n10,test,7\n20,train,4\n", {.format = "csv"});
  CHECK(table.records.steps.size() == 2);
  CHECK(table.records.evals.size() == 2);
  CHECK(table.records.steps.back().loss == 4);
  const ImportedLog columns =
      read_content("step,loss,val_loss\n10,5,\n10,,6\n20,4,\n", {.format = "csv"});
  CHECK(columns.records.steps.size() == 2);
  CHECK(columns.records.evals.size() == 1);
  CHECK(columns.without_loss == 0);
  CHECK_THAT(refusal("step,split,loss\n10,holdout,5\n", {.format = "csv"}),
             Contains("expected train, valid or test"));
  const ImportedLog hf = read_content(
      "{'loss': 9.0, 'epoch': 0.5}\n{'eval_math_loss': 8.0, 'epoch': 0.5}\n"
      "{'test_loss': 7.0, 'epoch': 0.5}\n",
      {.format = "hf-trainer", .logging_steps = 10});
  REQUIRE(hf.records.evals.size() == 2);
  CHECK(hf.records.evals[0].split == "math");
  CHECK(hf.records.evals[1].split == "test");
}

TEST_CASE("a log that begins amid a run states the time and the rate of what it covers",
          "[import]") {
  std::string text;
  for (const char* step : {"1010", "1020", "1030"})
    text += " iteration " + std::string(step) +
            "/ 2000 | elapsed time per iteration (ms): 500.0 | lm loss: 3 |\n";
  const ImportedLog log = read_content(text, {.format = "megatron", .tokens_per_step = 100});
  CHECK(log.covers_from == 1010);
  CHECK(seconds_in(log) == Approx(10));
  CHECK(tokens_in(log) - log.tokens_before == 2000);
}

TEST_CASE("a byte order mark and UTF-16 are decoded, compressed and binary files named",
          "[import]") {
  const std::string table = "step,loss\n10,5.0\n";
  const auto steps = [](const std::string& text) {
    return read_content(text, {.format = "csv"}).records.steps.size();
  };
  CHECK(steps("\xEF\xBB\xBF" + table) == 1);
  for (const bool big : {false, true})
    for (const bool mark : {false, true}) {
      std::string wide;
      if (mark) wide = big ? "\xFE\xFF" : "\xFF\xFE";
      for (const char c : table) {
        if (big) wide += '\0';
        wide += c;
        if (!big) wide += '\0';
      }
      CHECK(steps(wide) == 1);
    }
  CHECK_THAT(refusal(std::string("\x1f\x8b\x08\0abc", 7), {.format = "nanogpt"}),
             Contains("is compressed with gzip; unpack it first: gzip -dc ") &&
                 !Contains("another --format"));
  CHECK_THAT(refusal(std::string("\0\x01\x02\0\0\0log", 9), {.format = "csv"}),
             Contains("is a binary file"));
}

TEST_CASE("an unknown form is refused by its first line, a record that cannot be read is named",
          "[import]") {
  CHECK_THAT(refusal("hello\n\nstep:  1  loss/global: 3\n", {.format = "torchtitan"}),
             Contains("train.log:3: no step of format 'torchtitan'") &&
                 Contains("The first line not understood is 'step:  1  loss/global: 3'"));
  CHECK_THAT(refusal("a\nb\n", {.format = "megatron"}), Contains("train.log:1: no step"));
  const ImportedLog partly = read_content(
      "iter 0: loss 4, time 1ms\niter 10: loss 3,5, time 1ms\niter 20: loss 3, time 1ms\n",
      {.format = "nanogpt"});
  CHECK(partly.first_unread == "line 2: iter 10: loss 3,5, time 1ms");
  CHECK(partly.records.steps.size() == 2);
}

TEST_CASE("tokens that the log itself states are taken, an option that contradicts is refused",
          "[import]") {
  const std::string text =
      "tokens per iteration will be: 4,096\niter 0: loss 4, time 1ms\niter 10: loss 3, time 1ms\n";
  CHECK(tokens_in(read_content(text, {.format = "nanogpt"})) == 11 * 4096);
  CHECK_THAT(refusal(text, {.format = "nanogpt", .tokens_per_step = 4000}),
             Contains("the log says 4096 tokens a step"));
  const std::string megatron =
      "  seq_length ...................................... 512\n"
      " iteration 10/ 20 | consumed samples: 30 | lm loss: 3 |\n";
  CHECK(tokens_in(read_content(megatron, {.format = "megatron"})) == 30 * 512);
  const std::string hf = "{'loss': 9.0, 'num_tokens': 777.0, 'epoch': 0.5}\n";
  CHECK(tokens_in(read_content(hf, {.format = "hf-trainer", .logging_steps = 5})) == 777);
}

}  // namespace
}  // namespace repro::imports
