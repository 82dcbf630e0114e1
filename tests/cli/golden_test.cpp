// A golden: recorded, refused, renewed.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/gate.hpp"

namespace repro::cli {

using Catch::Contains;
using nlohmann::json;

TEST_CASE("a golden of another manifest, edited by hand or of too few seeds is refused", "[cli]") {
  const Gate gate;
  CHECK_THAT(gate.record({"--seeds", "4"}).errors, Contains("give --seeds 5 or more"));
  REQUIRE(gate.record().exit_code == 0);
  const std::string golden = read_file(gate.golden());
  std::string edited = golden;
  edited.replace(edited.find("made up"), 7, "madeup ");
  write_file_atomically(gate.golden(), edited);
  const Finished by_hand = gate.run({"check", "small"});
  CHECK(by_hand.exit_code == 4);
  CHECK_THAT(by_hand.errors, Contains("it was edited by hand"));
  write_file_atomically(gate.golden(), golden);
  const fs::path scale = gate.root() / "experiments/scales/tiny.toml";
  std::string text = read_file(scale);
  text.replace(text.find("match.batch = 4"), 15, "match.batch = 5");
  write_file_atomically(scale, text);
  const Finished other = gate.run({"check", "small"});
  CHECK(other.exit_code == 4);
  CHECK_THAT(other.errors, Contains("the manifest is another one") &&
                               Contains("batch 4 then, 5 now") &&
                               Contains("--renew --name small --cause"));
  CHECK(gate.run({"check", "smal"}).exit_code == 4);
}

TEST_CASE("without a golden nothing is measured, and of several one must be named", "[cli]") {
  const Gate gate;
  CHECK(gate.run({"check"}).exit_code == 6);
  REQUIRE(gate.record().exit_code == 0);
  REQUIRE(gate.record({}, "second").exit_code == 0);
  const Finished ended = gate.run({"check"});
  CHECK(ended.exit_code == 64);
  CHECK_THAT(ended.errors, Contains("second, small"));
  CHECK_THAT(gate.run({"golden", "list"}).output, Contains("table1 --scale tiny"));
}

TEST_CASE("a golden is renewed only with its cause, and keeps what moved", "[cli]") {
  const Gate gate;
  REQUIRE(gate.record().exit_code == 0);
  CHECK(gate.record().exit_code == 4);
  CHECK(gate.record({"--renew"}).exit_code == 64);
  gate.change_program("0.05");
  const Finished diff = gate.run({"golden", "diff", "small"});
  INFO(diff.errors);
  CHECK(diff.exit_code == 0);
  CHECK_THAT(diff.output, Contains("of them by more than their tolerance") && Contains("+0.05"));
  // As it was: the experiment, its seeds and its policy stand in the golden.
  const Finished renewed = gate.run({"golden", "record", "--renew", "--name", "small", "--cause",
                                     "a kernel that rounds otherwise", "--why", "as before"});
  INFO(renewed.errors);
  REQUIRE(renewed.exit_code == 0);
  const json golden = json::parse(read_file(gate.golden()));
  CHECK(golden.at("recipe").at("scale") == "tiny");
  CHECK(golden.at("renewal").at("cause") == "a kernel that rounds otherwise");
  CHECK_THAT(golden.at("renewal").at("drift").at(0).get<std::string>(), Contains("+0.05"));
  CHECK(gate.run({"check", "small"}).exit_code == 0);
}

}  // namespace repro::cli
