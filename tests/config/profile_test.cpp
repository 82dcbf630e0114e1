#include "config/profile.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

const std::filesystem::path kProject = REPRO_SOURCE_ROOT;

}  // namespace

TEST_CASE("every committed profile loads, named as its file", "[config]") {
  const auto names = profile_names(kProject);
  CHECK(names.size() >= 4);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(find_profile(kProject, name).name == name);
  }
}

TEST_CASE("a peak is the one with fp32 accumulation, not the doubled one", "[config]") {
  const Profile card = find_profile(kProject, "rtx-4090");
  CHECK(card.peak("bf16") == 165.2e12);
  CHECK(card.peak("fp16") == 165.2e12);
  CHECK(find_profile(kProject, "a100-80g").peak("bf16") == 312e12);
  CHECK(card.memory_bytes == int64_t{24} << 30);
}

TEST_CASE("an unknown peak is empty and the reason names device and dtype", "[config]") {
  const Profile processor = find_profile(kProject, "cpu");
  CHECK_FALSE(processor.peak("bf16"));
  CHECK(processor.missing_peak("bf16") == "profile 'cpu' has no bf16 peak with fp32 accumulation");
  CHECK_FALSE(processor.has_measurement);
}

TEST_CASE("of the multiplications only the best of a type must be known well", "[config]") {
  Measurement measured;
  CHECK_FALSE(measured.widest());
  measured.gemms = {{.dtype = "bf16", .flops = 10, .flops_low = 1, .flops_high = 11},
                    {.dtype = "bf16", .flops = 20, .flops_low = 18, .flops_high = 21}};
  REQUIRE(measured.widest());
  CHECK(measured.widest()->what == "the bf16 GEMM peak");
  CHECK(measured.widest()->reach == Approx(20.0 / 18 - 1));
  MeasuredStep step;
  step.model = "qwen_moe";
  step.size = "paper";
  step.seconds = 2;
  step.seconds_low = 1.9;
  step.seconds_high = 2.5;
  measured.steps = {step};
  CHECK(measured.widest()->what == "qwen_moe full, paper");
  CHECK(measured.widest()->reach == Approx(0.25));
  // Downwards it may reach further than upwards, and the first is not the widest.
  step.model = "llama_moe";
  step.seconds_low = 1;
  measured.steps.push_back(step);
  CHECK(measured.widest()->what == "llama_moe full, paper");
  CHECK(measured.widest()->reach == Approx(0.5));
}

TEST_CASE("a measured profile is written, read back, and finds its steps", "[config]") {
  Profile profile = find_profile(kProject, "a100-80g");
  profile.name = "mine";
  profile.has_measurement = true;
  profile.measured.date = "2026-02-01";
  profile.measured.certified = true;
  profile.measured.gemms = {
      {.dtype = "bf16", .m = 1, .n = 2, .k = 3, .flops = 2e14, .relative_spread = 0.01},
      {.dtype = "bf16", .m = 4, .n = 5, .k = 6, .flops = 2.5e14, .relative_spread = 0.01}};
  MeasuredStep step;
  step.model = "qwen_moe";
  step.shape = "full";
  step.size = "paper";
  step.precision = "bf16-mixed";
  step.batch = 16;
  step.sequence = 1024;
  step.seconds = 1.7;
  step.seconds_low = 1.6;
  step.seconds_high = 1.9;
  profile.measured.steps = {step};
  const TemporaryDirectory directory;
  const auto path = directory.path() / "mine.toml";
  std::ofstream(path) << to_toml(profile);
  const Profile read = load_profile(path, "mine.toml");
  CHECK(read.has_measurement);
  CHECK(read.measured_peak("bf16") == 2.5e14);
  CHECK_FALSE(read.measured_peak("fp32"));
  REQUIRE(read.step("qwen_moe", "full") != nullptr);
  CHECK(read.step("qwen_moe", "full")->seconds == 1.7);
  CHECK(read.step("qwen_moe", "one-expert") == nullptr);
  CHECK(read.peak("bf16") == 312e12);
}

TEST_CASE("a profile that names phases of training, as they were once written, is still read",
          "[config]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "old.toml";
  std::string text = "name = \"old\"\n[measured]\ndate = \"2026-01-01\"\n";
  for (const char* phase : {"full", "submodel"})
    text += fmt::format(
        "[[measured.steps]]\nmodel = \"qwen_moe\"\nphase = \"{}\"\nsize = \"paper\"\n"
        "precision = \"fp32\"\nbatch = 1\nsequence = 8\nseconds = 2.0\n",
        phase);
  std::ofstream(path) << text;
  const Profile read = load_profile(path, "old.toml");
  CHECK(read.step("qwen_moe", "full") != nullptr);
  CHECK(read.step("qwen_moe", "one-expert") != nullptr);
  CHECK(to_toml(read).find("phase") == std::string::npos);
}

TEST_CASE("a profile without measurement stays without one when written", "[config]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "copy.toml";
  std::ofstream(path) << to_toml(find_profile(kProject, "h100-sxm"));
  CHECK_FALSE(load_profile(path, "copy.toml").has_measurement);
}

TEST_CASE("a profile's mistakes are all named with their lines", "[config]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "bad.toml";
  std::ofstream(path) << "name = \"bad\"\nmemory_byte = 5\n[[peaks]]\ndtype = \"int3\"\n"
                         "accumulate = \"fp32\"\nflops = -1.0\nsource = \"s\"\n";
  try {
    load_profile(path, "bad.toml");
    FAIL("accepted");
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(message.find("bad.toml:2: unknown key 'memory_byte' (did you mean 'memory_bytes'?)") !=
          std::string::npos);
    CHECK(message.find("bad.toml:4: peaks[0].dtype = \"int3\"") != std::string::npos);
    CHECK(message.find("bad.toml:6: peaks[0].flops = -1") != std::string::npos);
  }
  CHECK_THROWS_WITH(find_profile(kProject, "rtx4090"), Catch::Contains("did you mean 'rtx-4090'?"));
}

TEST_CASE("of peaks with either accumulation the one with fp32 is taken, whichever comes first",
          "[config]") {
  Profile card;
  const Peak single{.dtype = "fp16", .accumulate = "fp32", .flops = 1e12, .source = "s"};
  const Peak doubled{.dtype = "fp16", .accumulate = "fp16", .flops = 2e12, .source = "s"};
  for (const auto& peaks : {std::vector{single, doubled}, std::vector{doubled, single}}) {
    card.peaks = peaks;
    CHECK(card.peak("fp16") == 1e12);
  }
  card.peaks = {doubled};
  CHECK_FALSE(card.peak("fp16"));
}

TEST_CASE("the measured peak is the best multiplication, wherever it stands", "[config]") {
  Profile card;
  for (const auto& flops : {std::vector{1e12, 3e12, 2e12}, std::vector{3e12, 1e12}}) {
    card.measured.gemms.clear();
    for (const double each : flops) card.measured.gemms.push_back({.dtype = "bf16", .flops = each});
    card.measured.gemms.push_back({.dtype = "fp32", .flops = 9e12});
    CHECK(card.measured_peak("bf16") == 3e12);
  }
}

TEST_CASE("of a model's measured sizes the largest step counts, in FLOPs", "[config]") {
  Profile card;
  const auto add = [&](const char* model, double flops_per_token, int64_t batch, double seconds) {
    MeasuredStep step;
    step.model = model;
    step.flops_per_token = flops_per_token;
    step.batch = batch;
    step.sequence = 10;
    step.seconds = seconds;
    card.measured.steps.push_back(step);
  };
  add("a", 1e9, 4, 1);
  add("a", 2e9, 3, 2);
  add("a", 5e9, 1, 3);
  add("b", 9e9, 9, 4);
  CHECK(card.step("a", "full")->seconds == 2);
  CHECK(card.step("a", "full")->flops() == 6e10);
  CHECK(card.series("a", "full").size() == 3);
  CHECK(card.series("a", "one-expert").empty());
}

TEST_CASE("two peaks of one kind are refused, of two accumulations they are not", "[config]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "twice.toml";
  const auto load = [&](const std::string& second) {
    std::string text = "name = \"twice\"\n";
    for (const std::string& accumulate : {std::string("fp32"), second})
      text += "[[peaks]]\ndtype = \"bf16\"\naccumulate = \"" + accumulate +
              "\"\nflops = 1e12\nsource = \"s\"\n";
    std::ofstream(path) << text;
    return load_profile(path, "twice.toml");
  };
  CHECK_THROWS_WITH(load("fp32"), Catch::Contains("two peaks for bf16 with fp32 accumulation"));
  CHECK_NOTHROW(load("fp16"));
}

TEST_CASE("a measurement's doubt is told with its reason, a certified one has none", "[config]") {
  Profile profile;
  profile.name = "mine";
  CHECK_FALSE(profile.doubt());
  profile.has_measurement = true;
  profile.measured.reason = "load 3.1";
  CHECK(profile.doubt() == "profile 'mine' is not certified: load 3.1");
  profile.measured.reason = "";
  CHECK(profile.doubt() == "profile 'mine' is not certified: it does not say why");
  profile.measured.certified = true;
  CHECK_FALSE(profile.doubt());
}

}  // namespace repro::config
