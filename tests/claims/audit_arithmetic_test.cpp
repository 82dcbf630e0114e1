#include "claims/audit.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/file.hpp"
#include "claims/audit_fixture.hpp"
#include "temporary_directory.hpp"

namespace repro::claims {

TEST_CASE("all 36 equalities of the paper's cost table hold", "[claims]") {
  const AuditReport report = audit_paper();
  int64_t held = 0;
  for (const char* id : {"submodel_cost", "finetune_cost", "full_cost", "total_cost", "total_hours",
                         "submodel_hours"})
    held += count(find(report, id), Ruling::holds);
  CHECK(held == 36);
}

TEST_CASE("the text contradicts the tables in three places and nowhere else", "[claims]") {
  const AuditReport report = audit_paper();
  CHECK(subjects(find(report, "saving_in_text"), Ruling::contradicts) ==
        std::vector<std::string>{"Llama / WikiText-2"});
  CHECK(subjects(find(report, "fourfold"), Ruling::contradicts) ==
        std::vector<std::string>{"Qwen / WikiText-2"});
  CHECK(count(find(report, "fourfold"), Ruling::not_checkable) == 3);
  CHECK(count(find(report, "submodel_time_in_text"), Ruling::contradicts) == 6);
  std::vector<std::string> contradicting;
  for (const CheckResult& check : report.checks)
    if (check.kind == "equation" && is_contradiction(check.ruling))
      contradicting.push_back(check.id);
  CHECK(contradicting ==
        std::vector<std::string>{"submodel_time_in_text", "saving_in_text", "fourfold"});
  CHECK(find(report, "saving_in_text").findings[4].numbers.at("right") ==
        Approx(52.13).margin(0.005));
}

TEST_CASE("savings, break-even ratios and the catalogue's savings are the reference's",
          "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "price_sensitivity");
  check_column(check, "A", {.8247, .7763, .7812, .6436, .6416, .6600}, 5e-5);
  check_column(check, "B", {.8470, 1.6842, .9512, 1.0922, .7839, .8545}, 5e-5);
  check_column(check, "saving_percent", {69.47, 51.78, 63.52, 47.60, 52.13, 52.89}, 0.005);
  check_column(check, "break_even", {.9737, .4609, .8213, .5893, .8185, .7724}, 1e-4);
  check_column(check, "other_saving_percent", {43.5, 0.2, 34.4, 14.1, 28.1, 26.7}, 0.05);
  CHECK(count(check, Ruling::suspect) == 5);
}

TEST_CASE("a second price that the paper leaves blank is named, and the saving stands",
          "[claims]") {
  const auto path = std::filesystem::path(REPRO_TESTS) / "claims" / "cases";
  const TemporaryDirectory folder;
  write_file_atomically(folder.path() / "blank.toml",
                        read_file(path / "price-sensitivity.toml") +
                            "other_low_price = \"low_elsewhere\"\n"
                            "other_high_price = \"price_high\"\n"
                            "[[constant]]\nid = \"low_elsewhere\"\nvalue = \"\"\n");
  const AuditReport report = audit(load_claims(folder.path() / "blank.toml", "blank"), profile);
  const AuditFinding& finding = find(report, "injected").findings.front();
  CHECK(finding.ruling == Ruling::holds);
  CHECK(finding.numbers.at("saving_percent") > 0);
  CHECK_FALSE(finding.numbers.contains("other_saving_percent"));
  CHECK_THAT(finding.sentence, Catch::EndsWith("the paper gives no usable low_elsewhere"));
}

TEST_CASE("device-hours exceed the baseline in all six cells", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "device_hours");
  check_column(check, "ratio", {1.022, 1.908, 1.170, 1.449, 1.142, 1.194}, 5e-4);
  CHECK(count(check, Ruling::suspect) == 6);
}

TEST_CASE("samples are about as many or more, FLOPs fewer in two cells only", "[claims]") {
  const AuditReport report = audit_paper();
  check_column(find(report, "samples"), "ratio", {.988, 1.638, 1.061, 1.991, 1.723, 1.201}, 5e-4);
  CHECK(count(find(report, "samples"), Ruling::suspect) == 6);
  const CheckResult& flops = find(report, "flops");
  check_column(flops, "ratio", {.784, 1.282, .848, 1.610, 1.405, 1.008}, 5e-4);
  CHECK(count(flops, Ruling::holds) == 2);
}

TEST_CASE("FLOP ratios follow the convention and the reading a claims file chooses", "[claims]") {
  Claims claims = find_claims(kRoot, "moe_disco");
  const auto ratios = [&](const std::string& convention, const std::string& reading) {
    for (ClaimCheck& check : claims.checks)
      if (auto* ratio = std::get_if<RatioCheck>(&check)) {
        ratio->head.convention = convention;
        ratio->head.reading = reading;
      }
    return find(audit(claims, profile), "flops");
  };
  check_column(ratios("palm", ""), "ratio", {.788, 1.289, .852, 1.624, 1.417, 1.015}, 5e-4);
  check_column(ratios("megatron", "1376"), "ratio", {.784, 1.282, .848, 1.737, 1.511, 1.073}, 5e-4);
  check_column(ratios("megatron", "2752"), "ratio", {.784, 1.282, .848, 1.604, 1.399, 1.005}, 5e-4);
}

TEST_CASE("most of the computation runs on the cheap devices", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "majority_on_cheap_devices");
  check_column(check, "left", {.753, .803, .726, .781, .748, .632}, 5e-4);
  CHECK(check.ruling == Ruling::holds);
}

TEST_CASE("no perplexity is exp(loss)", "[claims]") {
  const AuditReport report = audit_paper();
  check_column(find(report, "full_loss_and_ppl"), "exp_loss",
               {141.74, 10.00, 100.08, 195.20, 44.93, 93.32}, 0.0051);
  check_column(find(report, "full_loss_and_ppl"), "ln_ppl",
               {5.4395, 4.2751, 5.0907, 5.8757, 5.0808, 4.7443}, 5.1e-5);
  check_column(find(report, "disco_loss_and_ppl"), "exp_loss",
               {137.69, 9.94, 98.30, 195.59, 44.43, 93.78}, 0.0051);
  check_column(find(report, "disco_loss_and_ppl"), "ln_ppl",
               {5.1111, 4.0527, 4.9002, 5.6915, 5.0954, 4.6711}, 5.1e-5);
  CHECK(count(find(report, "full_loss_and_ppl"), Ruling::suspect) == 6);
  CHECK(count(find(report, "disco_loss_and_ppl"), Ruling::suspect) == 6);
}

TEST_CASE("two of six cells stop above the target, none with a tolerance of 0.005", "[claims]") {
  Claims claims = find_claims(kRoot, "moe_disco");
  const AuditReport report = audit(claims, profile);
  check_column(find(report, "target_loss"), "gap", {-.0290, -.0066, -.0180, .0020, -.0110, .0050},
               1e-9);
  CHECK(subjects(find(report, "target_loss"), Ruling::contradicts) ==
        std::vector<std::string>{"Llama / C4", "Llama / OpenWebText"});
  for (ClaimCheck& check : claims.checks)
    if (auto* target = std::get_if<TargetCheck>(&check)) target->tolerance = 0.005;
  CHECK(find(audit(claims, profile), "target_loss").ruling == Ruling::holds);
  CHECK(subjects(find(report, "perplexity_at_target"), Ruling::suspect) ==
        std::vector<std::string>{"Llama / WikiText-2"});
}

TEST_CASE("one unit in the last printed digit breaks each of the table's equalities", "[claims]") {
  const Claims paper = find_claims(kRoot, "moe_disco");
  int64_t tried = 0;
  for (const char* column : {"s_cost", "f_cost", "full_cost", "total_cost", "total_hours"}) {
    const size_t index = *paper.table("table3")->column(column);
    for (size_t row = 0; row < 6; ++row) {
      Claims changed = paper;
      for (ClaimTable& table : changed.tables)
        if (table.id == "table3") {
          ClaimCell& cell = table.rows[row].cells[index];
          cell.value = *cell.value + std::pow(10.0, -cell.decimals);
        }
      const std::string id = column == std::string("s_cost")   ? "submodel_cost"
                             : column == std::string("f_cost") ? "finetune_cost"
                                                               : column;
      const AuditReport report = audit(changed, profile);
      CAPTURE(id, row);
      CHECK(find(report, id).findings[row].ruling == Ruling::contradicts);
      ++tried;
    }
  }
  CHECK(tried == 30);
}

TEST_CASE("with inputs = rounded an equation accepts what could have been rounded away",
          "[claims]") {
  const auto path = std::filesystem::path(REPRO_TESTS) / "claims" / "cases" / "equation.toml";
  Claims claims = load_claims(path, "equation.toml");
  CHECK(audit(claims, profile).checks[0].ruling == Ruling::contradicts);
  std::get<EquationCheck>(claims.checks[0]).inputs = "rounded";
  CHECK(audit(claims, profile).checks[0].ruling == Ruling::holds);
}

namespace {

// Rows of printed numbers a and b, and one check of them.
CheckResult checked(const std::string& rows, const std::string& check) {
  return audit_text(
             "title = \"t\"\nsource = \"s\"\n[[table]]\nid = \"t\"\nkeys = [\"row\"]\ncolumns "
             "= [{ id = \"a\" }, { id = \"b\" }]\nrows = [" +
             rows + "]\n[[check]]\nid = \"c\"\nstatement = \"s\"\ntable = \"t\"\n" + check)
      .checks[0];
}
std::vector<Ruling> rulings(const CheckResult& check) {
  std::vector<Ruling> all;
  for (const AuditFinding& finding : check.findings) all.push_back(finding.ruling);
  return all;
}
constexpr Ruling kHolds = Ruling::holds;
constexpr Ruling kSuspect = Ruling::suspect;
constexpr Ruling kContradicts = Ruling::contradicts;

}  // namespace

TEST_CASE("an equation holds to half a unit of the printed digit, that half itself included",
          "[claims]") {
  // 0.3 is not 0.1 + 0.2 in binary, and 0.15 + 0.05 is a hair from half a unit off 0.25.
  const std::string rows =
      "[\"r1\", \"0.3\", \"0.35\"], [\"r2\", \"0.3\", \"0.25\"], [\"r3\", \"0.3\", \"0.3501\"]";
  CHECK(rulings(checked(rows, "kind = \"equation\"\nleft = \"a\"\nright = \"b\"\n")) ==
        std::vector{kHolds, kHolds, kContradicts});
  CHECK(rulings(checked("[\"r\", \"3\", \"1\"]",
                        "kind = \"equation\"\nleft = \"a / 10\"\nright = \"b / 10 + 2 * "
                        "b / 10\"\ntolerance = 0\n")) == std::vector{kHolds});
}

TEST_CASE("what may be rounded away decides inequalities in favour of the paper", "[claims]") {
  // a = 2.0 may be 1.95 to 2.05, b = 2.1 from 2.05 to 2.15.
  const auto ruling = [](const char* relation, const char* inputs, const char* a, const char* b) {
    return rulings(
        checked(fmt::format("[\"r\", \"{}\", \"{}\"]", a, b),
                fmt::format("kind = \"equation\"\nleft = \"a\"\nright = \"b\"\nrelation = "
                            "\"{}\"\ninputs = \"{}\"\n",
                            relation, inputs)))[0];
  };
  CHECK(ruling("<", "exact", "2.0", "2.1") == kHolds);
  CHECK(ruling("<", "exact", "2.1", "2.1") == kContradicts);
  CHECK(ruling("<=", "exact", "2.1", "2.1") == kHolds);
  CHECK(ruling("<=", "exact", "2.2", "2.1") == kContradicts);
  CHECK(ruling(">", "exact", "2.1", "2.1") == kContradicts);
  CHECK(ruling(">", "exact", "2.2", "2.1") == kHolds);
  CHECK(ruling(">=", "exact", "2.1", "2.1") == kHolds);
  CHECK(ruling(">=", "exact", "2.0", "2.1") == kContradicts);
  CHECK(ruling(">", "rounded", "2.1", "2.1") == kHolds);
  CHECK(ruling("<", "rounded", "2.1", "2.1") == kHolds);
  CHECK(ruling(">", "rounded", "2.0", "2.2") == kContradicts);
  CHECK(ruling("<", "rounded", "2.2", "2.0") == kContradicts);
  CHECK(ruling("=", "rounded", "2.0", "2.1") == kHolds);
  CHECK(ruling("=", "rounded", "2.0", "2.2") == kContradicts);
  CHECK(ruling("=", "rounded", "2.2", "2.0") == kContradicts);
}

TEST_CASE("rounded numbers may be one where what they stand for only touches", "[claims]") {
  // 25 and 26 to whole units: up to 25.5 and from there.
  const std::string rows = R"(["r1", "2.5e1", "2.6e1"], ["r2", "2.6e1", "2.5e1"],)"
                           R"(["r3", "2.5e1", "2.7e1"])";
  CHECK(rulings(checked(rows,
                        "kind = \"equation\"\nleft = \"a\"\nright = \"b\"\ninputs = "
                        "\"rounded\"\ntolerance = 0\n")) ==
        std::vector{kHolds, kHolds, kContradicts});
}

TEST_CASE("devices are counted to the nearest, whatever binary fractions make of them",
          "[claims]") {
  // 0.29 * 100 is a hair less than 29 in binary.
  const CheckResult result =
      checked("[\"r\", \"1\", \"1\"]",
              "kind = \"price-sensitivity\"\nfull_hours = \"10\"\nlow_hours = \"a\"\n"
              "high_hours = \"b\"\ndevices = \"0.29 * 100\"\nlow_price = \"1\"\n"
              "high_price = \"2\"\n");
  CHECK(result.findings[0].numbers.at("B") == Approx(2.9));
}

TEST_CASE("a ratio is worth knowing above its limit, not at it", "[claims]") {
  const std::string check =
      "kind = \"ratio\"\nnumerator = \"a\"\ndenominator = \"b\"\nresource = \"hours\"\n";
  const std::string rows =
      "[\"r1\", \"2\", \"2\"], [\"r2\", \"2.1\", \"2\"], [\"r3\", \"5\", \"2\"]";
  CHECK(rulings(checked(rows, check)) == std::vector{kHolds, kSuspect, kSuspect});
  CHECK(rulings(checked(rows, check + "warn_above = 2.5\n")) ==
        std::vector{kHolds, kHolds, kHolds});
}

TEST_CASE("a perplexity may be too small as well as too large", "[claims]") {
  // exp(3) = 20.0855; 0.01 nats are 0.2 of it.
  const std::string rows =
      "[\"r1\", \"3\", \"20.28\"], [\"r2\", \"3\", \"20.29\"], [\"r3\", \"3\", \"19.89\"], "
      "[\"r4\", \"3\", \"19.88\"]";
  CHECK(rulings(checked(rows, "kind = \"perplexity\"\nloss = \"a\"\nperplexity = \"b\"\n")) ==
        std::vector{kHolds, kSuspect, kHolds, kSuspect});
}

TEST_CASE("a target is met at its tolerance, which binary fractions do not overrun", "[claims]") {
  // 2.3 - 2.2 is more than 0.1 in binary.
  CHECK(rulings(checked("[\"r1\", \"2.3\", \"2.2\"], [\"r2\", \"2.3001\", \"2.2\"]",
                        "kind = \"target\"\nreached = \"a\"\ntarget = \"b\"\ntolerance = 0.1\n")) ==
        std::vector{kHolds, kContradicts});
}

TEST_CASE("a saving is fragile below its break-even ratio and none where the costs are equal",
          "[claims]") {
  // Costs of the method: 4 devices x a hours x 1 + b hours x 2, of the baseline 10 hours x 2.
  const std::string check =
      "kind = \"price-sensitivity\"\nfull_hours = \"10\"\nlow_hours = \"a\"\nhigh_hours = \"b\"\n"
      "devices = \"4\"\nlow_price = \"1\"\nhigh_price = \"2\"\nrobust_ratio = 0.9\n";
  // Saving 1 - b / 10 - 4 a / 10 x 1/2; break-even (1 - b / 10) / (0.4 a).
  const std::string rows =
      "[\"r1\", \"1\", \"1\"], [\"r2\", \"2.5\", \"1\"], [\"r3\", \"2.6\", \"1\"], "
      "[\"r4\", \"4.5\", \"1\"]";
  const CheckResult result = checked(rows, check);
  CHECK(rulings(result) == std::vector{kHolds, kHolds, kSuspect, kContradicts});
  CHECK(result.findings[0].numbers.at("saving_percent") == Approx(70));
  CHECK(result.findings[0].numbers.at("break_even") == Approx(2.25));
}

}  // namespace repro::claims
