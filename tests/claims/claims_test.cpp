#include "claims/claims.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::claims {
namespace {

Claims load_text(const std::string& text) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "paper.toml";
  std::ofstream(path) << text;
  return load_claims(path, "paper.toml");
}

// Lines 1 to 11: a table of two rows, then what a test adds.
const std::string kPaper = R"(title = "A paper"
source = "its table"
[titles]
small = "Small"
[[table]]
id = "costs"
keys = ["size", "corpus"]
columns = [{ id = "cost", unit = "USD" }, { id = "hours", unit = "h" }, { id = "device", unit = "text" }]
rows = [
  ["small", "web", "1,234.50", "2.0", "GPU*4"],
  ["large", "web", "",         "3e2", "GPU*4"],
]
)";

}  // namespace

TEST_CASE("a printed number keeps its decimals", "[claims]") {
  const Claims claims = load_text(kPaper);
  const ClaimCell* cost = claims.cell("costs", "small/web", "cost");
  REQUIRE(cost != nullptr);
  CHECK(cost->value == 1234.5);
  CHECK(cost->decimals == 2);
  CHECK(cost->half_unit() == Approx(0.005));
  CHECK(claims.cell("costs", "large/web", "hours")->half_unit() == Approx(50));
  CHECK(claims.cell("costs", "small/web", "device")->printed == "GPU*4");
  CHECK_FALSE(claims.value("costs", "small/web", "device"));
}

TEST_CASE("a letter behind a number is a power of ten, and says how sure the number is",
          "[claims]") {
  const Claims claims = load_text(
      "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"k\"]\ncolumns = [{ id = "
      "\"n\" "
      "}]\nrows = [[\"hours\", \"2664K\"], [\"dollars\", \"5.576M\"], [\"rate\", \"24k\"], "
      "[\"tokens\", \"14.8T\"], [\"flops\", \"4.2E+14\"], [\"gpus\", \"2048\"]]\n");
  const auto cell = [&](const char* row) { return *claims.cell("t", row, "n"); };
  CHECK(cell("hours").value == Approx(2.664e6));
  CHECK(cell("hours").half_unit() == Approx(500));
  CHECK(cell("dollars").value == Approx(5.576e6));
  CHECK(cell("dollars").half_unit() == Approx(500));
  CHECK(cell("rate").value == Approx(24000));
  CHECK(cell("tokens").half_unit() == Approx(0.05e12));
  CHECK(cell("flops").half_unit() == Approx(0.05e14));
  CHECK_FALSE(cell("hours").exact);
  CHECK_FALSE(cell("flops").exact);
  CHECK(cell("gpus").exact);
  CHECK_THROWS_AS(load_text("title = \"t\"\nsource = \"s\"\n[[constant]]\nid = \"n\"\nvalue = "
                            "\"K\"\n"),
                  Error);
}

TEST_CASE("what the paper does not print has no value", "[claims]") {
  const Claims claims = load_text(kPaper);
  CHECK_FALSE(claims.value("costs", "large/web", "cost"));
  CHECK_FALSE(claims.value("costs", "huge/web", "cost"));
  CHECK_FALSE(claims.value("costs", "small/web", "price"));
  CHECK_FALSE(claims.value("table9", "small/web", "cost"));
}

TEST_CASE("rows are called by the titles of their keys", "[claims]") {
  const Claims claims = load_text(kPaper);
  CHECK(claims.title_of(claims.tables[0].rows[0]) == "Small / web");
}

TEST_CASE("every problem of a claims file is named with its line", "[claims]") {
  const auto error_of = [](const std::string& rest) {
    try {
      load_text(kPaper + rest);
    } catch (const Error& error) {
      CHECK(error.exit() == Exit::bad_input);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(
      error_of("[[check]]\nkind = \"equations\"\n") ==
      "paper.toml:14: kind = \"equations\": expected one of equation, constant, row-width, ratio, "
      "price-sensitivity, roofline, mfu, step-time, perplexity, target, memory, grim, chance, "
      "two-proportion, reported (did you mean 'equation'?)");
  CHECK(error_of("[[check]]\nkind = \"equation\"\nid = \"a\"\nstatement = \"s\"\ntable = "
                 "\"costs\"\nleft = \"cost\"\nright = \"2 * houres\"\n") ==
        "paper.toml:13: check 'a': 'houres' is no column, constant or model quantity (did you mean "
        "'hours'?)");
  CHECK(error_of("[[check]]\nkind = \"equation\"\nid = \"a\"\nstatement = \"s\"\ntable = "
                 "\"costs\"\nleft = \"cost\"\nright = \"(hours\"\n") ==
        "paper.toml:13: check 'a': expected ')' at column 7 of '(hours'");
  CHECK(error_of("[[constant]]\nid = \"price_low\"\nvalue = \"0.35\"\n") ==
        "paper.toml:13: constant 'price_low' is a price without a unit; add unit = \"USD/h\"");
  CHECK(error_of("[[constant]]\nid = \"n\"\nvalue = \"many\"\n") ==
        "paper.toml:13: constant 'n' = \"many\": not a number");
  CHECK(error_of("[[constant]]\nid = \"n\"\nvalue = \"1\"\n[[constant]]\nid = \"n\"\nvalue = "
                 "\"2\"\n") == "paper.toml:16: constant 'n' is given twice");
}

TEST_CASE("rows that are short, doubled, negative or no numbers are refused", "[claims]") {
  const auto error_of = [](const std::string& rows) {
    try {
      load_text(
          "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"k\"]\n"
          "columns = [{ id = \"hours\", unit = \"h\" }]\nrows = [\n" +
          rows + "]\n");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(error_of("[\"a\"],\n") ==
        "paper.toml:8: a row of table 't' has 1 cells, expected 2: k and hours");
  CHECK(error_of("[\"a\", \"1\"],\n[\"a\", \"2\"],\n") ==
        "paper.toml:9: row 'a' of table 't' is given twice");
  CHECK(error_of("[\"a\", \"-1\"],\n") == "paper.toml:8: hours = -1 h: must not be negative");
  CHECK(error_of("[\"a\", \"fast\"],\n") ==
        "paper.toml:8: hours = \"fast\": not a number; \"\" where the paper gives none");
  CHECK(error_of("[\"a\", 1.5],\n") ==
        "paper.toml:8: 1.5: expected a string, got a float; write numbers as printed, in quotes");
}

TEST_CASE("a check whose inputs a row lacks names the row", "[claims]") {
  CHECK_THROWS_WITH(load_text(kPaper + R"([[table]]
id = "steps"
keys = ["size", "corpus"]
columns = [{ id = "steps", unit = "steps" }]
rows = [["small", "web", "10"]]
[[check]]
kind = "equation"
id = "a"
statement = "s"
table = "costs"
left = "hours"
right = "steps.steps"
)"),
                    "paper.toml:11: row 'large/web' of table 'costs': check 'a' needs steps.steps, "
                    "and table 'steps' has no such row; add it, with \"\" where the paper gives no "
                    "number");
}

TEST_CASE("a memory check names one source of its memory", "[claims]") {
  const std::string check = kPaper + R"([[model]]
id = "m"
key = "small"
role = "full"
shape = { width = 64 }
[[check]]
kind = "memory"
id = "a"
statement = "s"
role = "full"
)";
  const std::string expected = "one of device (a hardware profile) and memory_gb (a formula)";
  CHECK_THROWS_WITH(load_text(check), Catch::Contains(expected));
  CHECK_THROWS_WITH(load_text(check + "device = \"x\"\nmemory_gb = \"24\"\n"),
                    Catch::Contains(expected));
}

TEST_CASE("the committed claims load, and hold the published table", "[claims]") {
  const std::filesystem::path root = REPRO_SOURCE_ROOT;
  for (const std::string& name : claims_names(root)) {
    CAPTURE(name);
    CHECK_NOTHROW(find_claims(root, name));
  }
  const Claims disco = find_claims(root, "moe-disco");
  CHECK(disco.value("table3", "llama_moe/openwebtext", "total_cost") == 15.1352);
  CHECK(disco.value("table1", "qwen_moe/c4", "full_steps") == 21150);
  CHECK(disco.title_of(*disco.table("table3")->row("qwen_moe/wikitext2")) == "Qwen / WikiText-2");
  CHECK_THROWS_WITH(find_claims(root, "moe_disko"), Catch::Contains("did you mean 'moe_disco'?"));
}

TEST_CASE("an equation of what is not printed needs a tolerance, and groups need a key",
          "[claims]") {
  const auto error_of = [](const std::string& check) {
    try {
      load_text(kPaper + "[[check]]\nid = \"a\"\nstatement = \"s\"\ntable = \"costs\"\n" + check);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string sum = "kind = \"equation\"\nleft = \"2 * cost\"\nright = \"hours\"\n";
  CHECK_THAT(error_of(sum), Catch::Contains("tolerance is needed"));
  CHECK(error_of(sum + "tolerance = 0.1\n") == "no error");
  CHECK(error_of(sum + "relation = \"<\"\n") == "no error");
  const std::string times =
      "kind = \"step-time\"\nphase = \"p\"\nsteps = \"hours\"\nhours = \"hours\"\ngroup_by = ";
  CHECK_THAT(error_of(times + "\"model\"\n"),
             Catch::Contains("group_by = \"model\" is no key of table 'costs'; its keys: size, "
                             "corpus"));
  CHECK(error_of(times + "\"corpus\"\n") == "no error");
  const std::string flops = "kind = \"equation\"\nleft = \"cost\"\nright = \"flops_full\"\n";
  const std::string model =
      "[[model]]\nid = \"m\"\nkey = \"{}\"\nrole = \"full\"\nshape = {{ width = 64 }}\n";
  const std::string both =
      fmt::format(fmt::runtime(model), "small") + fmt::format(fmt::runtime(model), "large");
  CHECK_THAT(error_of(flops + fmt::format(fmt::runtime(model), "small")),
             Catch::Contains("no [[model]] with role = \"full\" for row 'large/web'"));
  CHECK_THAT(error_of(flops + both), Catch::Contains("FLOPs need the constant 'sequence'"));
  CHECK(error_of(flops + both + "[[constant]]\nid = \"sequence\"\nvalue = \"8\"\n") == "no error");
}

TEST_CASE("what a check cannot be asked is told at its line", "[claims]") {
  const auto error_of = [](const std::string& check) {
    try {
      load_text(kPaper + "[[check]]\nid = \"a\"\nstatement = \"s\"\n" + check);
    } catch (const Error& error) {
      const std::string place = "paper.toml:13: check 'a': ";
      const std::string message = error.what();
      CHECK(message.starts_with(place));
      return message.substr(std::min(place.size(), message.size()));
    }
    return std::string("no error");
  };
  const std::string equation = "kind = \"equation\"\n";
  CHECK(error_of(equation + "table = \"cost\"\nleft = \"hours\"\nright = \"1\"\n") ==
        "table = \"cost\" is not declared (did you mean 'costs'?)");
  CHECK(error_of(equation + "table = \"costs\"\nleft = \"hours\"\nright = \"device\"\n") ==
        "'device' is a column of text");
  CHECK(
      error_of(equation + "table = \"costs\"\nleft = \"hours\"\nright = \"least(flops_full)\"\n") ==
      "least(), greatest() and sum() take table.column, got 'flops_full'");
  CHECK(error_of(equation + "left = \"costs.hours\"\nright = \"1\"\n") ==
        "'costs.hours' needs a row, but the check has no table");
  CHECK(error_of(equation +
                 "left = \"greatest(costs.hours)\"\nright = \"flops_full\"\ntolerance = 1\n") ==
        "a model's quantity needs a table of rows");
  CHECK(error_of(equation + "left = \"greatest(costs.hours)\"\nright = \"300\"\n") == "no error");
  CHECK(error_of("kind = \"target\"\nreached = \"1\"\ntarget = \"2\"\n") ==
        "this kind of check needs a table");
  const std::string reported = "kind = \"reported\"\nfacts = [\"seeds\"]\n";
  CHECK(error_of(reported) == "no [[fact]] named 'seeds'");
  const std::string fact = "[[fact]]\norigin = \"paper\"\nname = ";
  CHECK(error_of(reported + fact + "\"tokenizer\"\n") == "no [[fact]] named 'seeds'");
  CHECK(error_of(reported + fact + "\"seeds\"\n") == "no error");
  CHECK(error_of("kind = \"memory\"\nrole = \"full\"\ndevice = \"x\"\n") ==
        "no [[model]] with role = \"full\"");
  const std::string prices =
      "kind = \"price-sensitivity\"\ntable = \"costs\"\nfull_hours = \"hours\"\nlow_hours = "
      "\"hours\"\nhigh_hours = \"hours\"\ndevices = \"4\"\nlow_price = \"1\"\nhigh_price = \"2\"\n";
  CHECK(error_of(prices) == "no error");
  CHECK(error_of(prices + "other_low_price = \"1\"\n") ==
        "other_low_price and other_high_price go together");
}

TEST_CASE("a printed number has at most forty digits and lies within what is computed with",
          "[claims]") {
  for (const char* value : {"1e31", "-2e30", "1e999", "0x10", "1.5.2", "nan", "inf"})
    CHECK_THROWS_WITH(load_text(kPaper + "[[constant]]\nid = \"n\"\nvalue = \"" + value + "\"\n"),
                      Catch::Contains("not a number"));
  CHECK_THROWS_AS(
      load_text(kPaper + "[[constant]]\nid = \"n\"\nvalue = \"0." + std::string(60, '1') + "\"\n"),
      Error);
  CHECK_NOTHROW(load_text(kPaper + "[[constant]]\nid = \"n\"\nvalue = \"6.02e23\"\n"));
}

}  // namespace repro::claims
