#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/repro_process.hpp"
#include "config/profile.hpp"

namespace repro::cli {
namespace {

using Catch::Contains;

}  // namespace

TEST_CASE("what profile measure writes, price takes and calls projected", "[cli]") {
  const TemporaryDirectory folder;
  for (const char* part : {"experiments", "hardware_profiles", "eval"})
    fs::copy(fs::path(kRoot) / part, folder.path() / part, fs::copy_options::recursive);
  const std::vector<std::string> measure = {
      "profile", "measure",   "--root", ".",      "--scale", "smoke",        "--phase-seconds",
      "1",       "--threads", "1",      "--name", "mine",    "--uncertified"};
  const Finished measured = run_in(folder.path(), measure);
  CAPTURE(measured.errors);
  CHECK(measured.exit_code == 0);
  CHECK_THAT(measured.output, Contains("bf16 GEMM peak") && Contains("wrote "));
  const fs::path file = folder.path() / "hardware_profiles" / "mine.toml";
  const config::Profile profile = config::load_profile(file, "mine.toml");
  CHECK(profile.measured.steps.size() == 4);
  CHECK(profile.measured.steps[0].size == "smoke");
  CHECK(profile.measured.certified == profile.measured.reason.empty());

  // A smoke model's step is no paper's step: extrapolated, and said so.
  const Finished priced = run_in(folder.path(), {"price", "table3", "--root", ".", "--low",
                                                 "rtx-4090", "--high", "mine=0.10", "--json"});
  REQUIRE(priced.exit_code == 0);
  const nlohmann::json row = nlohmann::json::parse(priced.output).at("rows").at(0);
  const nlohmann::json& hours = row.at("hours");
  CHECK(hours.at("full").at("hours_low") < hours.at("full").at("hours"));
  CHECK(hours.at("full").at("hours_high") > hours.at("full").at("hours"));
  CHECK(hours.at("low").at("hours_low").is_null());
  CHECK(row.at("saving_timing_low") < row.at("saving"));
  CHECK(row.at("saving_timing_high") > row.at("saving"));
  CHECK(hours.at("low").at("evidence") == "published");
  CHECK(hours.at("full").at("evidence") == "projected");
  CHECK_THAT(hours.at("full").at("basis").get<std::string>(), Contains("its error is unknown"));
}

TEST_CASE("a profile that could not be written is refused before anything is measured", "[cli]") {
  const TemporaryDirectory folder;
  // The user's own library would stand where a file is.
  write_file_atomically(folder.path() / "data", "");
  const fs::path worker =
      write_worker(folder, "touch " + (folder.path() / "started").string() + "; finish");
  const Finished refused =
      run_in(folder.path(), {"profile", "measure", "--scale", "smoke"}, worker);
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.errors, Contains((folder.path() / "data/repro").string()));
  CHECK_FALSE(fs::exists(folder.path() / "started"));
  CHECK_FALSE(fs::exists(folder.path() / "runs"));
}

}  // namespace repro::cli
