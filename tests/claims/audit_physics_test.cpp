#include "claims/audit.hpp"

#include <fmt/format.h>

#include "claims/audit_fixture.hpp"

namespace repro::claims {

TEST_CASE("three of eighteen phases exceed the peak by Megatron's count, four by PaLM's",
          "[claims]") {
  const AuditReport report = audit_paper();
  int64_t impossible = 0;
  int64_t above_by_palm = 0;
  for (const char* id : {"full_roofline", "submodel_roofline", "finetune_roofline"}) {
    impossible += count(find(report, id), Ruling::impossible);
    for (const AuditFinding& finding : find(report, id).findings)
      above_by_palm += finding.numbers.at("mfu_percent_palm") > 100 ? 1 : 0;
  }
  CHECK(impossible == 3);
  CHECK(above_by_palm == 4);
  CHECK(subjects(find(report, "submodel_roofline"), Ruling::impossible) ==
        std::vector<std::string>{"Qwen / WikiText-2", "Llama / C4", "Llama / WikiText-2"});
}

TEST_CASE("every implied throughput is the reference's", "[claims]") {
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

TEST_CASE("the excess holds in every reading of the Llama submodel", "[claims]") {
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

TEST_CASE("rounding of the hours turns no impossible phase possible", "[claims]") {
  const AuditReport report = audit_paper();
  const AuditFinding& qwen = find(report, "submodel_roofline").findings[1];
  CHECK(qwen.numbers.at("mfu_percent_least") == Approx(100.4).margin(0.05));
  CHECK(qwen.ruling == Ruling::impossible);
  // At 98.3 % the fine-tuning is only suspect.
  CHECK(find(report, "finetune_roofline").findings[1].ruling == Ruling::suspect);
}

TEST_CASE("step times spread over corpora in every model and phase", "[claims]") {
  const AuditReport report = audit_paper();
  check_column(find(report, "full_step_time"), "spread", {1.92, 1.40}, 0.0051);
  check_column(find(report, "finetune_step_time"), "spread", {2.00, 1.27}, 0.0051);
  check_column(find(report, "submodel_step_time"), "spread", {1.78, 2.43}, 0.0051);
  for (const char* id : {"full_step_time", "finetune_step_time", "submodel_step_time"})
    CHECK(count(find(report, id), Ruling::suspect) == 2);
}

TEST_CASE("a 4090 holds the submodels only with optimizer states cut short", "[claims]") {
  const AuditReport report = audit_paper();
  const CheckResult& check = find(report, "submodel_memory");
  check_column(check, "parameters", {2063370240, 2680426496, 2950959104, 3492024320}, 0.5);
  check_column(check, "gb_8", {16.51, 21.44, 23.61, 27.94}, 0.0051);
  check_column(check, "gb_12", {24.76, 32.17, 35.41, 41.90}, 0.0051);
  check_column(check, "gb_16", {33.01, 42.89, 47.22, 55.87}, 0.0051);
  CHECK(count(check, Ruling::suspect) == 3);
  // The board has 24 GiB, as plans count it: of 12 bytes a parameter 1 GB is left, for activations.
  CHECK(
      check.findings[0].sentence ==
      "AdamW's state fits the 25.77 GB of rtx-4090 only at 12 bytes a parameter (1.01 GB left) or "
      "8 bytes a parameter (9.26 GB left), before activations");
  CHECK(check.findings[1].sentence ==
        "AdamW's state fits the 25.77 GB of rtx-4090 only at 8 bytes a parameter (4.33 GB left), "
        "before activations");
  CHECK(subjects(check, Ruling::impossible) ==
        std::vector<std::string>{"Llama submodel, expert width 2752"});
}

TEST_CASE("a device without a peak makes the roofline not checkable, with the reason", "[claims]") {
  const Claims claims = find_claims(kRoot, "moe_disco");
  const AuditReport report = audit(claims, [](const std::string& name) {
    config::Profile blank;
    blank.name = name;
    return blank;
  });
  const CheckResult& check = find(report, "submodel_roofline");
  CHECK(check.ruling == Ruling::not_checkable);
  CHECK(check.findings[0].sentence == "profile 'rtx-4090' has no bf16 peak with fp32 accumulation");
}

TEST_CASE("an unknown device is an error at the check's line", "[claims]") {
  Claims claims = find_claims(kRoot, "moe_disco");
  for (ClaimCheck& check : claims.checks)
    if (auto* roofline = std::get_if<RooflineCheck>(&check)) roofline->device = "rtx-4900";
  CHECK_THROWS_WITH(audit(claims, profile), Catch::Contains("experiments/claims/moe_disco.toml:") &&
                                                Catch::Contains("no hardware profile 'rtx-4900'") &&
                                                Catch::Contains("did you mean 'rtx-4090'?"));
}

namespace {

std::vector<Ruling> step_times(const std::string& hours, const std::string& more = "") {
  const AuditReport report = audit_text(R"(title = "t"
source = "s"
[[table]]
id = "t"
keys = ["model", "corpus"]
columns = [{ id = "steps", unit = "steps" }, { id = "hours", unit = "h" }]
rows = [["m", "a", "1000", "1.00"], ["m", "b", "1000", ")" +
                                        hours + R"("]]
[[check]]
kind = "step-time"
id = "c"
statement = "s"
table = "t"
phase = "training"
steps = "steps"
hours = "hours"
group_by = "model"
)" + more);
  std::vector<Ruling> all;
  for (const AuditFinding& finding : report.checks[0].findings) all.push_back(finding.ruling);
  return all;
}

Ruling memory_ruling(const std::string& gigabytes) {
  // 2 parameters a vocabulary's entry and width, and little else: counted by the program itself.
  const AuditReport report = audit_text(R"(title = "t"
source = "s"
[[model]]
id = "m"
key = "m"
role = "full"
shape = { vocabulary = 1000, width = 64, layers = 1, heads = 1, kv_heads = 1, head_width = 64, experts = 1, top_k = 1, expert_width = 8, shared_width = 0, qkv_bias = false, router = { select = "none" } }
[[check]]
kind = "memory"
id = "c"
statement = "s"
role = "full"
memory_gb = ")" + gigabytes + "\"\nbytes_per_parameter = [10, 20]\n");
  // 2 x 1000 x 64 embeddings, 4 x 64 x 64 attention, 3 x 64 x 8 experts, 3 x 64 norms.
  CHECK(report.checks[0].findings[0].numbers.at("parameters") == 146112);
  return report.checks[0].findings[0].ruling;
}

}  // namespace

TEST_CASE("step times may spread to their limit, and one alone spreads from nothing", "[claims]") {
  CHECK(step_times("1.25", "limit = 1.25\n") == std::vector{Ruling::holds});
  CHECK(step_times("1.26", "limit = 1.25\n") == std::vector{Ruling::suspect});
  CHECK(step_times("0.79", "limit = 1.25\n") == std::vector{Ruling::suspect});
  CHECK(step_times("") == std::vector{Ruling::not_checkable});
}

TEST_CASE("a model fits a memory of exactly its state", "[claims]") {
  CHECK(memory_ruling("0.00292224") == Ruling::holds);     // 20 bytes a parameter
  CHECK(memory_ruling("0.002922239") == Ruling::suspect);  // 10 only
  CHECK(memory_ruling("0.00146112") == Ruling::suspect);   // exactly 10
  CHECK(memory_ruling("0.001461119") == Ruling::impossible);
}

TEST_CASE("a roofline without its model, and counts out of range, are errors and no crash",
          "[claims]") {
  const std::string text = read_file(fs::path(REPRO_TESTS) / "claims/cases/roofline.toml");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  CHECK_NOTHROW(audit_text(text));
  CHECK_THROWS_WITH(audit_text(with("role = \"full\"\nsteps", "role = \"ful\"\nsteps")),
                    Catch::Contains("no [[model]] with role = \"ful\" for row"));
  for (const char* tokens : {"0", "1e20", "-5"})
    CHECK_THROWS_WITH(audit_text(with("value = \"1024\"", fmt::format("value = \"{}\"", tokens))),
                      Catch::Contains("tokens of a sequence; expected 1 to"));
  const std::string prices =
      read_file(fs::path(REPRO_TESTS) / "claims/cases/price-sensitivity.toml");
  for (const char* devices : {"0", "1e20"}) {
    std::string changed = prices;
    const size_t at = changed.find("devices = \"");
    changed.replace(at, changed.find('\n', at) - at, fmt::format("devices = \"{}\"", devices));
    CHECK_THROWS_WITH(audit_text(changed), Catch::Contains("devices; expected 1 to"));
  }
}

}  // namespace repro::claims
