#include "measure/audit.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "base/error.hpp"

namespace repro::measure {
namespace {

const std::filesystem::path kRoot = REPRO_SOURCE_ROOT;

config::Profile profile(const std::string& name) { return config::find_profile(kRoot, name); }

AuditReport audit_paper() { return audit(config::find_claims(kRoot, "moe_disco"), profile); }

const CheckResult& find(const AuditReport& report, const std::string& id) {
  for (const CheckResult& check : report.checks)
    if (check.id == id) return check;
  FAIL("no check '" << id << "'");
  return report.checks.front();
}

int64_t count(const CheckResult& check, Ruling ruling) {
  return std::count_if(check.findings.begin(), check.findings.end(),
                       [&](const Finding& finding) { return finding.ruling == ruling; });
}

std::vector<std::string> subjects(const CheckResult& check, Ruling ruling) {
  std::vector<std::string> names;
  for (const Finding& finding : check.findings)
    if (finding.ruling == ruling) names.push_back(finding.subject);
  return names;
}

// A derived quantity of each finding, against the published column.
void check_column(const CheckResult& check, const std::string& quantity,
                  const std::vector<double>& expected, double margin) {
  REQUIRE(check.findings.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(check.id, quantity, check.findings[i].subject);
    CHECK(check.findings[i].numbers.at(quantity) == Approx(expected[i]).margin(margin));
  }
}

}  // namespace

TEST_CASE("all 36 equalities of the paper's cost table hold", "[measure]") {
  const AuditReport report = audit_paper();
  int64_t held = 0;
  for (const char* id : {"submodel_cost", "finetune_cost", "full_cost", "total_cost", "total_hours",
                         "submodel_hours"})
    held += count(find(report, id), Ruling::holds);
  CHECK(held == 36);
}

TEST_CASE("the text contradicts the tables in three places and nowhere else", "[measure]") {
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
          "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "price_sensitivity");
  check_column(check, "A", {.8247, .7763, .7812, .6436, .6416, .6600}, 5e-5);
  check_column(check, "B", {.8470, 1.6842, .9512, 1.0922, .7839, .8545}, 5e-5);
  check_column(check, "saving_percent", {69.47, 51.78, 63.52, 47.60, 52.13, 52.89}, 0.005);
  check_column(check, "break_even", {.9737, .4609, .8213, .5893, .8185, .7724}, 1e-4);
  check_column(check, "other_saving_percent", {43.5, 0.2, 34.4, 14.1, 28.1, 26.7}, 0.05);
  CHECK(count(check, Ruling::suspect) == 5);
}

TEST_CASE("device-hours exceed the baseline in all six cells", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "device_hours");
  check_column(check, "ratio", {1.022, 1.908, 1.170, 1.449, 1.142, 1.194}, 5e-4);
  CHECK(count(check, Ruling::suspect) == 6);
}

TEST_CASE("samples are about as many or more, FLOPs fewer in two cells only", "[measure]") {
  const AuditReport report = audit_paper();
  check_column(find(report, "samples"), "ratio", {.988, 1.638, 1.061, 1.991, 1.723, 1.201}, 5e-4);
  CHECK(count(find(report, "samples"), Ruling::suspect) == 6);
  const CheckResult& flops = find(report, "flops");
  check_column(flops, "ratio", {.784, 1.282, .848, 1.610, 1.405, 1.008}, 5e-4);
  CHECK(count(flops, Ruling::holds) == 2);
}

TEST_CASE("FLOP ratios follow the convention and the reading a claims file chooses", "[measure]") {
  config::Claims claims = config::find_claims(kRoot, "moe_disco");
  const auto ratios = [&](const std::string& convention, const std::string& reading) {
    for (config::ClaimCheck& check : claims.checks)
      if (auto* ratio = std::get_if<config::RatioCheck>(&check)) {
        ratio->head.convention = convention;
        ratio->head.reading = reading;
      }
    return find(audit(claims, profile), "flops");
  };
  check_column(ratios("palm", ""), "ratio", {.788, 1.289, .852, 1.624, 1.417, 1.015}, 5e-4);
  check_column(ratios("megatron", "1376"), "ratio", {.784, 1.282, .848, 1.737, 1.511, 1.073}, 5e-4);
  check_column(ratios("megatron", "2752"), "ratio", {.784, 1.282, .848, 1.604, 1.399, 1.005}, 5e-4);
}

TEST_CASE("most of the computation runs on the cheap devices", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "majority_on_cheap_devices");
  check_column(check, "left", {.753, .803, .726, .781, .748, .632}, 5e-4);
  CHECK(check.ruling == Ruling::holds);
}

TEST_CASE("three of eighteen phases exceed the peak by Megatron's count, four by PaLM's",
          "[measure]") {
  const AuditReport report = audit_paper();
  int64_t impossible = 0;
  int64_t above_by_palm = 0;
  for (const char* id : {"full_roofline", "submodel_roofline", "finetune_roofline"}) {
    impossible += count(find(report, id), Ruling::impossible);
    for (const Finding& finding : find(report, id).findings)
      above_by_palm += finding.numbers.at("mfu_percent_palm") > 100 ? 1 : 0;
  }
  CHECK(impossible == 3);
  CHECK(above_by_palm == 4);
  CHECK(subjects(find(report, "submodel_roofline"), Ruling::impossible) ==
        std::vector<std::string>{"Qwen / WikiText-2", "Llama / C4", "Llama / WikiText-2"});
}

TEST_CASE("every implied throughput is the reference's", "[measure]") {
  const AuditReport report = audit_paper();
  struct Phase {
    const char* id;
    std::vector<double> seconds, tokens, tflops, megatron, palm, at_peak;
  };
  const std::vector<Phase> phases = {{"full_roofline",
                                      {1.6800, .8755, 1.6515, 1.7280, 1.7880, 2.4154},
                                      {9752, 18713, 9921, 9481, 9163, 6783},
                                      {141.9, 272.3, 144.4, 198.8, 192.1, 142.2},
                                      {45.5, 87.3, 46.3, 63.7, 61.6, 45.6},
                                      {46.4, 89.1, 47.2, 66.2, 64.0, 47.3},
                                      {36023, 18773, 35412, 25711, 26603, 35939}},
                                     {"submodel_roofline",
                                      {1.7914, 1.0642, 1.8967, 1.1526, 1.0234, 2.4882},
                                      {9146, 15396, 8638, 14215, 16010, 6585},
                                      {98.9, 166.5, 93.4, 228.9, 257.8, 106.0},
                                      {59.9, 100.8, 56.5, 138.5, 156.0, 64.2},
                                      {61.5, 103.6, 58.1, 145.5, 163.8, 67.4},
                                      {27368, 16258, 28976, 11827, 10501, 25531}},
                                     {"finetune_roofline",
                                      {1.5190, .7771, 1.5537, 1.7436, 1.8136, 2.2108},
                                      {10786, 21082, 10545, 9397, 9034, 7411},
                                      {156.9, 306.8, 153.4, 197.0, 189.4, 155.4},
                                      {50.3, 98.3, 49.2, 63.2, 60.7, 49.8},
                                      {51.3, 100.4, 50.2, 65.6, 63.0, 51.7},
                                      {32572, 16664, 33315, 25943, 26984, 32894}}};
  for (const Phase& phase : phases) {
    const CheckResult& check = find(report, phase.id);
    check_column(check, "seconds_per_step", phase.seconds, 5.1e-5);
    check_column(check, "tokens_per_second", phase.tokens, 0.51);
    check_column(check, "tflops_megatron", phase.tflops, 0.051);
    check_column(check, "mfu_percent_megatron", phase.megatron, 0.051);
    check_column(check, "mfu_percent_palm", phase.palm, 0.051);
    check_column(check, "tokens_per_step_at_peak", phase.at_peak, 0.51);
  }
}

TEST_CASE("the excess holds in every reading of the Llama submodel", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "submodel_roofline");
  const std::vector<std::vector<double>> readings = {
      {138.5, 152.5, 180.4}, {156.0, 171.8, 203.2}, {64.2, 70.6, 83.6}};
  for (size_t i = 0; i < 3; ++i) {
    const auto& numbers = check.findings[3 + i].numbers;
    CHECK(numbers.at("mfu_percent_megatron") == Approx(readings[i][0]).margin(0.051));
    CHECK(numbers.at("mfu_percent_megatron_1376") == Approx(readings[i][1]).margin(0.051));
    CHECK(numbers.at("mfu_percent_megatron_2752") == Approx(readings[i][2]).margin(0.051));
  }
}

TEST_CASE("rounding of the hours turns no impossible phase possible", "[measure]") {
  const AuditReport report = audit_paper();
  const Finding& qwen = find(report, "submodel_roofline").findings[1];
  CHECK(qwen.numbers.at("mfu_percent_least") == Approx(100.4).margin(0.05));
  CHECK(qwen.ruling == Ruling::impossible);
  // At 98.3 % the fine-tuning is only suspect.
  CHECK(find(report, "finetune_roofline").findings[1].ruling == Ruling::suspect);
}

TEST_CASE("step times spread over corpora in every model and phase", "[measure]") {
  const AuditReport report = audit_paper();
  check_column(find(report, "full_step_time"), "spread", {1.92, 1.40}, 0.0051);
  check_column(find(report, "finetune_step_time"), "spread", {2.00, 1.27}, 0.0051);
  check_column(find(report, "submodel_step_time"), "spread", {1.78, 2.43}, 0.0051);
  for (const char* id : {"full_step_time", "finetune_step_time", "submodel_step_time"})
    CHECK(count(find(report, id), Ruling::suspect) == 2);
}

TEST_CASE("no perplexity is exp(loss)", "[measure]") {
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

TEST_CASE("two of six cells stop above the target, none with a tolerance of 0.005", "[measure]") {
  config::Claims claims = config::find_claims(kRoot, "moe_disco");
  const AuditReport report = audit(claims, profile);
  check_column(find(report, "target_loss"), "gap", {-.0290, -.0066, -.0180, .0020, -.0110, .0050},
               1e-9);
  CHECK(subjects(find(report, "target_loss"), Ruling::contradicts) ==
        std::vector<std::string>{"Llama / C4", "Llama / OpenWebText"});
  for (config::ClaimCheck& check : claims.checks)
    if (auto* target = std::get_if<config::TargetCheck>(&check)) target->tolerance = 0.005;
  CHECK(find(audit(claims, profile), "target_loss").ruling == Ruling::holds);
  CHECK(subjects(find(report, "perplexity_at_target"), Ruling::suspect) ==
        std::vector<std::string>{"Llama / WikiText-2"});
}

TEST_CASE("no submodel fits 24 GB with 12 bytes a parameter or more", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "submodel_memory");
  check_column(check, "parameters", {2063370240, 2680426496, 2950959104, 3492024320}, 0.5);
  check_column(check, "gb_8", {16.51, 21.44, 23.61, 27.94}, 0.0051);
  check_column(check, "gb_12", {24.76, 32.17, 35.41, 41.90}, 0.0051);
  check_column(check, "gb_16", {33.01, 42.89, 47.22, 55.87}, 0.0051);
  CHECK(count(check, Ruling::suspect) == 3);
  // 24.76 GB: with 12 bytes even the smallest does not fit.
  CHECK(check.findings[0].sentence ==
        "AdamW's state fits 24 GB only at 8 bytes a parameter, before activations");
  CHECK(subjects(check, Ruling::impossible) ==
        std::vector<std::string>{"Llama submodel, expert width 2752"});
}

TEST_CASE("feasible counts equal the reference's ranges", "[measure]") {
  struct Row {
    double percent;
    int decimals;
    int64_t n, first, last;
  };
  for (const Row& row :
       {Row{27.9, 1, 2376, 662, 664}, Row{29.1, 1, 2376, 691, 692}, Row{23.0, 1, 14042, 3223, 3236},
        Row{25.3, 1, 14042, 3546, 3559}, Row{27.45, 2, 10042, 2757, 2757},
        Row{29.45, 2, 10042, 2957, 2957}, Row{52.25, 2, 16113, 8419, 8419}}) {
    const Counts counts = feasible_counts(row.percent, row.decimals, row.n);
    CAPTURE(row.percent, row.n);
    CHECK(counts.first == row.first);
    CHECK(counts.last == row.last);
  }
  for (const int64_t n : {1838, 3676, 3084}) {
    CHECK(feasible_counts(52.25, 2, n).empty());
    CHECK(feasible_counts(57.03, 2, n).empty());
  }
  CHECK(feasible_counts(100, 0, 7).last == 7);
  CHECK(feasible_counts(0, 0, 7).first == 0);
}

TEST_CASE("both PIQA percentages are impossible", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_are_counts");
  CHECK(subjects(check, Ruling::impossible) ==
        std::vector<std::string>{"PIQA, Full", "PIQA, MoE-DisCo"});
  CHECK(subjects(check, Ruling::holds) ==
        std::vector<std::string>{"HellaSwag, Full", "HellaSwag, MoE-DisCo"});
  CHECK(count(check, Ruling::not_checkable) == 4);
  const Finding& piqa = check.findings[6];
  CHECK(piqa.arithmetic.find("960 of 1838 is 52.23, 961 is 52.29") == 0);
  CHECK(piqa.numbers.at("possible over tasks.train_items") == 1);
  CHECK(piqa.numbers.at("possible over tasks.test_items") == 0);
  CHECK(piqa.numbers.at("possible over 2 * tasks.items") == 0);
}

TEST_CASE("both MMLU scores and PIQA's baseline are not above guessing", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_above_guessing");
  CHECK(subjects(check, Ruling::suspect) ==
        std::vector<std::string>{"MMLU, Full", "MMLU, MoE-DisCo", "PIQA, Full"});
  check_column(check, "z", {3.26, 4.62, -5.47, 0.82, 5.67, 10.30, 1.93, 6.03}, 0.0051);
  CHECK(check.findings[2].numbers.at("constant_errors") < 0.2);
}

TEST_CASE("ARC-easy's difference is not significant after Holm", "[measure]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "accuracies_differ");
  CHECK(subjects(check, Ruling::suspect) == std::vector<std::string>{"ARC-e"});
  check_column(check, "z", {0.92, 4.50, 3.14, 2.91}, 0.0051);
  check_column(check, "holm_p", {.360, 2.7e-5, .0050, .0072}, 5.1e-4);
}

TEST_CASE("missing variance, overheads and the cost's growth with experts are named", "[measure]") {
  const AuditReport report = audit_paper();
  for (const char* id : {"variance", "overheads", "marginal_cost"})
    CHECK(find(report, id).ruling == Ruling::not_checkable);
  CHECK(report.provenance.size() > 20);
}

TEST_CASE("the paper as a whole contradicts itself", "[measure]") {
  const AuditReport report = audit_paper();
  CHECK(report.has_contradictions());
  // 1 saving, 1 fourfold, 6 S times, 2 targets; 3 roofline, 1 memory reading, 2 PIQA.
  CHECK(report.findings_by_ruling.at(Ruling::contradicts) == 10);
  CHECK(report.findings_by_ruling.at(Ruling::impossible) == 6);
}

TEST_CASE("every kind of check catches the error injected for it and passes the true row",
          "[measure]") {
  const std::map<std::string, Ruling> expected = {{"equation", Ruling::contradicts},
                                                  {"ratio", Ruling::suspect},
                                                  {"price-sensitivity", Ruling::contradicts},
                                                  {"roofline", Ruling::impossible},
                                                  {"step-time", Ruling::suspect},
                                                  {"perplexity", Ruling::suspect},
                                                  {"target", Ruling::contradicts},
                                                  {"memory", Ruling::impossible},
                                                  {"grim", Ruling::impossible},
                                                  {"chance", Ruling::suspect},
                                                  {"two-proportion", Ruling::suspect},
                                                  {"reported", Ruling::not_checkable}};
  CHECK(expected.size() == std::variant_size_v<config::ClaimCheck>);
  for (const auto& [kind, ruling] : expected) {
    CAPTURE(kind);
    const auto path = std::filesystem::path(REPRO_TESTS) / "measure" / "claims" / (kind + ".toml");
    const CheckResult check = audit(config::load_claims(path, kind), profile).checks.at(0);
    CHECK(check.kind == kind);
    bool saw_good = false;
    bool saw_bad = false;
    for (const Finding& finding : check.findings) {
      CAPTURE(finding.subject, finding.sentence, finding.arithmetic);
      const bool good = finding.subject.find("good") != std::string::npos;
      (good ? saw_good : saw_bad) = true;
      CHECK(finding.ruling == (good ? Ruling::holds : ruling));
    }
    CHECK(saw_good);
    CHECK(saw_bad);
  }
}

TEST_CASE("one unit in the last printed digit breaks each of the table's equalities", "[measure]") {
  const config::Claims paper = config::find_claims(kRoot, "moe_disco");
  int64_t tried = 0;
  for (const char* column : {"s_cost", "f_cost", "full_cost", "total_cost", "total_hours"}) {
    const size_t index = *paper.table("table3")->column(column);
    for (size_t row = 0; row < 6; ++row) {
      config::Claims changed = paper;
      for (config::ClaimTable& table : changed.tables)
        if (table.id == "table3") {
          config::ClaimCell& cell = table.rows[row].cells[index];
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
          "[measure]") {
  const auto path = std::filesystem::path(REPRO_TESTS) / "measure" / "claims" / "equation.toml";
  config::Claims claims = config::load_claims(path, "equation.toml");
  CHECK(audit(claims, profile).checks[0].ruling == Ruling::contradicts);
  std::get<config::EquationCheck>(claims.checks[0]).inputs = "rounded";
  CHECK(audit(claims, profile).checks[0].ruling == Ruling::holds);
}

TEST_CASE("a device without a peak makes the roofline not checkable, with the reason",
          "[measure]") {
  const config::Claims claims = config::find_claims(kRoot, "moe_disco");
  const AuditReport report = audit(claims, [](const std::string& name) {
    config::Profile blank;
    blank.name = name;
    return blank;
  });
  const CheckResult& check = find(report, "submodel_roofline");
  CHECK(check.ruling == Ruling::not_checkable);
  CHECK(check.findings[0].sentence == "profile 'rtx-4090' has no bf16 peak with fp32 accumulation");
}

TEST_CASE("an unknown device is an error at the check's line", "[measure]") {
  config::Claims claims = config::find_claims(kRoot, "moe_disco");
  for (config::ClaimCheck& check : claims.checks)
    if (auto* roofline = std::get_if<config::RooflineCheck>(&check)) roofline->device = "rtx-4900";
  CHECK_THROWS_WITH(audit(claims, profile), Catch::Contains("experiments/claims/moe_disco.toml:") &&
                                                Catch::Contains("no hardware profile 'rtx-4900'") &&
                                                Catch::Contains("did you mean 'rtx-4090'?"));
}

}  // namespace repro::measure
