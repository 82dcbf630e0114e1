// What the audit finds in cost tables that others have printed.

#include <catch2/catch.hpp>

#include "claims/audit_fixture.hpp"

namespace repro::claims {
namespace {

AuditReport audit_of(const std::string& name) { return audit(find_claims(kRoot, name), profile); }

const AuditFinding& only(const AuditReport& report, const std::string& id) {
  const CheckResult& check = find(report, id);
  REQUIRE(check.findings.size() == 1);
  return check.findings.front();
}

}  // namespace

TEST_CASE("DeepSeek-V3's eight cells close, and the text with them", "[claims]") {
  const AuditReport report = audit_of("deepseek_v3");
  for (const CheckResult& check : report.checks) {
    CAPTURE(check.id, check.sentence);
    CHECK(check.ruling == Ruling::holds);
  }
  // Three stages and the total, each priced; hours and dollars of the total summed.
  CHECK(count(find(report, "stage_cost"), Ruling::holds) == 3);
  CHECK(only(report, "total_hours").numbers.at("right") == Approx(2.788e6));
  CHECK(only(report, "total_dollars").numbers.at("right") == Approx(5.576e6));
  CHECK(only(report, "utilisation").numbers.at("mfu_percent_6 N, active parameters of bf16") ==
        Approx(34.6).margin(0.05));
  CHECK(only(report, "utilisation").numbers.at("mfu_percent_6 N, active parameters of fp8") ==
        Approx(17.3).margin(0.05));
}

TEST_CASE("llm-foundry's TFLOP column is 100 times too large where it is, and nowhere else",
          "[claims]") {
  const AuditReport report = audit_of("llm_foundry");
  const auto slipped = [&](const char* id) {
    int64_t rows = 0;
    for (const AuditFinding& finding : find(report, id).findings) {
      if (finding.ruling != Ruling::contradicts) continue;
      CHECK(finding.numbers.at("slip") == 100);
      CHECK_THAT(finding.repair, Catch::StartsWith("100 times too large"));
      ++rows;
    }
    return rows;
  };
  CHECK(slipped("tflop_h100_bf16") == 0);
  CHECK(slipped("tflop_h100_fp8") == 0);
  CHECK(slipped("tflop_a100_80") == 2);  // the two rows of 70b
  CHECK(slipped("tflop_a100_40") == 78);
  CHECK(find(report, "tflop_a100_40").findings.size() == 78);
}

TEST_CASE("of llm-foundry's counts of FLOPs one gives every printed utilisation", "[claims]") {
  const AuditReport report = audit_of("llm_foundry");
  for (const char* id : {"mfu_h100_bf16", "mfu_h100_fp8", "mfu_a100_80", "mfu_a100_40"}) {
    CAPTURE(id);
    const CheckResult& check = find(report, id);
    CHECK(check.ruling == Ruling::holds);
    for (const AuditFinding& finding : check.findings)
      CHECK_THAT(finding.sentence, Catch::Contains("that of 6 N + 12 L d T ("));
  }
}

TEST_CASE("llm-foundry's rates close only cut off, and one heading lacks a name", "[claims]") {
  const AuditReport report = audit_of("llm_foundry");
  for (const char* id : {"rate_gpu_a100_80", "rate_samples_h100_bf16"}) {
    CAPTURE(id);
    CHECK(find(report, id).ruling == Ruling::suspect);
    CHECK(count(find(report, id), Ruling::contradicts) == 0);
  }
  CHECK_THAT(find(report, "rate_gpu_h100_bf16").findings[1].sentence,
             Catch::Contains("882 closes only if it was cut off"));
  const AuditFinding& heading = only(report, "cells_a100_40");
  CHECK(heading.ruling == Ruling::contradicts);
  CHECK(heading.sentence == "19 names over 78 rows of 20 cells");
  CHECK(heading.repair == "the heading lacks 'Model TFLOP'");
  CHECK(find(report, "cells_h100_bf16").ruling == Ruling::holds);
  CHECK(find(report, "recompute_a100_80").ruling == Ruling::holds);
}

TEST_CASE("fms-fsdp's 162k GPU hours contradict its 3,500 tokens/s, not its table", "[claims]") {
  const AuditReport report = audit_of("fms_fsdp");
  const AuditFinding& by_rate = only(report, "hours_by_rate");
  CHECK(by_rate.ruling == Ruling::contradicts);
  CHECK(by_rate.numbers.at("right") == Approx(174603).epsilon(1e-5));
  CHECK_THAT(by_rate.repair, Catch::Contains("gpu_hours were 174,603 instead of 162k") &&
                                 Catch::Contains("rate were 3,772 instead of 3500"));
  CHECK(only(report, "hours_by_table").ruling == Ruling::holds);
  CHECK(only(report, "faster_by_hours").ruling == Ruling::holds);
  CHECK(only(report, "faster_by_rate").ruling == Ruling::contradicts);
  CHECK_THAT(only(report, "tokens_a_day").sentence, Catch::Contains("cut off"));
}

TEST_CASE("a total whose rows are not all there names the row that is missing", "[claims]") {
  const AuditReport report = audit_of("llama2");
  CHECK(only(report, "paper_hours").ruling == Ruling::holds);
  CHECK(only(report, "card_hours").ruling == Ruling::contradicts);
  CHECK(
      only(report, "card_hours").repair ==
      "the difference, 1,038,336, is what 'Table 2 of the paper' prints of 34B: a row is missing");
  // 538.98 of rows that are rounded themselves may be 539.00.
  CHECK(only(report, "paper_carbon").ruling == Ruling::suspect);
  CHECK(find(report, "carbon_intensity").ruling == Ruling::holds);
  CHECK(find(report, "utilisation").ruling == Ruling::holds);
}

TEST_CASE("Llama 3.1's sums close; the hours of 8B are of no one clean run", "[claims]") {
  const AuditReport report = audit_of("llama3_1");
  CHECK(only(report, "total_hours").ruling == Ruling::holds);
  CHECK(only(report, "total_carbon").ruling == Ruling::holds);
  CHECK(find(report, "carbon_intensity").ruling == Ruling::holds);
  CHECK(subjects(find(report, "utilisation"), Ruling::suspect) == std::vector<std::string>{"8B"});
  check_column(find(report, "utilisation"), "mfu_percent_6 N", {13.8, 25.3, 33.2}, 0.2);
}

TEST_CASE("TinyLlama's 56 % is that of some counts of FLOPs and not of others", "[claims]") {
  const AuditReport report = audit_of("tinyllama");
  const AuditFinding& finding = find(report, "utilisation").findings.front();
  CHECK(finding.ruling == Ruling::holds);
  CHECK(finding.numbers.at("mfu_percent_6 N + 12 L d T") == Approx(59.3).margin(0.1));
  CHECK(finding.numbers.at("mfu_percent_6 N") == Approx(50.8).margin(0.1));
  CHECK_THAT(finding.sentence, Catch::Contains("that of palm (56.") &&
                                   Catch::Contains("not of 6 N (50.8), 6 N + 12 L d T (59.3)"));
  CHECK(only(report, "days").ruling == Ruling::holds);
  CHECK(only(report, "hours_for_300b").ruling == Ruling::suspect);
  CHECK(only(report, "mpt_hours").ruling == Ruling::holds);
}

TEST_CASE("nanochat's dollars close, its 600-fold only by one of two costs of GPT-2", "[claims]") {
  const AuditReport report = audit_of("nanochat");
  CHECK(only(report, "dollars").ruling == Ruling::holds);
  CHECK(only(report, "gpt2_cost").ruling == Ruling::holds);
  CHECK(only(report, "reduction_in_post").ruling == Ruling::holds);
  CHECK(only(report, "reduction_by_readme").ruling == Ruling::contradicts);
  CHECK(only(report, "gpt2_in_two_places").ruling == Ruling::contradicts);
  CHECK_THAT(only(report, "budget_hours").sentence, Catch::Contains("cut off"));
  CHECK(only(report, "utilisation").numbers.at("mfu_percent_its own count") ==
        Approx(50.0).margin(0.05));
}

TEST_CASE("one run at two prices makes one headline two", "[claims]") {
  const AuditReport report = audit_of("modded_nanogpt");
  CHECK(only(report, "headline").numbers.at("right") == Approx(2.472).margin(5e-4));
  CHECK(only(report, "headline").ruling == Ruling::holds);
  CHECK(only(report, "headline_as_announced").numbers.at("right") == Approx(2.884).margin(5e-4));
  CHECK(only(report, "headline_as_announced").ruling == Ruling::contradicts);
  CHECK(count(find(report, "price_of_an_hour"), Ruling::contradicts) == 2);
}

TEST_CASE("cores that were counted as chips are a slip of two", "[claims]") {
  const AuditReport report = audit_of("marin");
  CHECK(only(report, "tokens").ruling == Ruling::holds);
  CHECK(only(report, "hardware_flops").numbers.at("slip") == 2);
  CHECK_THAT(only(report, "hardware_flops").repair, Catch::Contains("cores counted as chips"));
  CHECK(only(report, "utilisation").numbers.at("mfu_percent_its own count") ==
        Approx(21.5).margin(0.05));
}

TEST_CASE("a row with a cell less says where the gap is, and no formula reads its numbers",
          "[claims]") {
  const AuditReport report = audit_of("megatron_bridge");
  const CheckResult& cells = find(report, "cells");
  CHECK(subjects(cells, Ruling::contradicts) == std::vector<std::string>{"Qwen3_235B_a22B"});
  CHECK(cells.findings.back().sentence == "14 cells under a heading of 15 names");
  CHECK_THAT(cells.findings.back().repair,
             Catch::StartsWith("a blank under 'GBS' moves") && Catch::Contains("GA = 1575"));
  CHECK(find(report, "flops_per_token").ruling == Ruling::holds);
  const CheckResult& accumulation = find(report, "accumulation");
  CHECK(subjects(accumulation, Ruling::contradicts) == std::vector<std::string>{"GPT OSS 120B"});
  CHECK(subjects(accumulation, Ruling::not_checkable) ==
        std::vector<std::string>{"Qwen3_235B_a22B"});
}

}  // namespace repro::claims
