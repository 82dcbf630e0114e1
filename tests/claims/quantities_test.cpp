#include "claims/quantities.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "claims/claims.hpp"
#include "temporary_directory.hpp"

namespace repro::claims {
namespace {

const fs::path kBad = fs::path(REPRO_TESTS) / "claims" / "bad";

// The leading comment lines: the message that the file must give.
std::string expected_message(const fs::path& file) {
  std::vector<std::string> lines;
  for (const std::string& line : split(read_file(file), '\n')) {
    if (!line.starts_with("# ")) break;
    lines.push_back(line.substr(2));
  }
  return join(lines, "\n");
}

std::string message_of(const fs::path& file) {
  try {
    load_claims(file, file.filename().string());
  } catch (const Error& error) {
    CHECK(error.exit() == Exit::bad_input);
    return error.what();
  }
  return "no error";
}

// What check_here says of a formula beside the arms `base` and `new`, without its place.
std::string trouble_with(const std::string& here) {
  Quantity quantity;
  quantity.id = "q";
  quantity.here = Expression(here);
  quantity.source = {"paper.toml", 7};
  config::Problems problems;
  check_here(quantity, {{"base", {"train"}}, {"new", {"grow", "train"}}}, problems);
  try {
    problems.throw_if_any();
  } catch (const Error& error) {
    const std::string place = "paper.toml:7: quantity 'q': ";
    const std::string message = error.what();
    CHECK(message.starts_with(place));
    return message.substr(place.size());
  }
  return "";
}

}  // namespace

TEST_CASE("every bad quantity or view prints exactly the errors in its first lines", "[claims]") {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kBad)) {
    INFO(entry.path().string());
    CHECK(message_of(entry.path()) == expected_message(entry.path()));
    ++files;
  }
  CHECK(files >= 12);
}

TEST_CASE("a formula over arms names measures, arms and phases that there are", "[claims]") {
  CHECK(trouble_with("1 - dollars.new / dollars.base").empty());
  CHECK(trouble_with("hours.new.grow + max(steps.base.train, 2)").empty());
  CHECK_THAT(trouble_with("dolars.new"),
             Catch::StartsWith("'dolars' is no measure (did you mean 'dollars'?); there are: "));
  CHECK(trouble_with("hours.old") ==
        "'hours.old': the experiment has no arm 'old'; there are: base, new");
  CHECK(
      trouble_with("hours.bse") ==
      "'hours.bse': the experiment has no arm 'bse' (did you mean 'base'?); there are: base, new");
  CHECK(trouble_with("hours.new.grew") ==
        "'hours.new.grew': arm 'new' has no phase 'grew' (did you mean 'grow'?); there are: grow, "
        "train");
  CHECK(trouble_with("least(hours.new)") ==
        "least(), greatest() and sum() are over a paper's table, 'hours.new' is measured here");
}

TEST_CASE("the name of a measured number has a measure, an arm and perhaps a phase", "[claims]") {
  const Here whole = parse_here("dollars.new");
  CHECK((whole.measure == "dollars" && whole.arm == "new" && whole.phase.empty()));
  const Here phase = parse_here("hours.new.grow");
  CHECK((phase.measure == "hours" && phase.arm == "new" && phase.phase == "grow"));
  CHECK(parse_here("hours").arm.empty());
}

}  // namespace repro::claims
