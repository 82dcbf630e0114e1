// Auditing and pricing 10,000 rows of claims: what a table of tables may cost. Target: 100 ms.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "claims/audit.hpp"
#include "claims/claims.hpp"
#include "claims/price_table.hpp"
#include "config/profile.hpp"

namespace repro {
namespace {

constexpr int64_t kRows = 10'000;

// The paper's own claims with its cost tables repeated until they hold kRows rows each.
claims::Claims many_claims() {
  claims::Claims claims = claims::find_claims(REPRO_SOURCE_ROOT, "moe_disco");
  for (claims::ClaimTable& table : claims.tables) {
    if (table.keys != std::vector<std::string>{"model", "corpus"}) continue;
    const std::vector<claims::ClaimRow> printed = table.rows;
    for (int64_t i = 0; static_cast<int64_t>(table.rows.size()) < kRows; ++i) {
      claims::ClaimRow row = printed[static_cast<size_t>(i) % printed.size()];
      row.keys.push_back(std::to_string(i));
      row.id += fmt::format("/{}", i);
      table.row_index.emplace(row.id, table.rows.size());
      table.rows.push_back(std::move(row));
    }
  }
  return claims;
}

config::Profile profile(const std::string& name) {
  return config::find_profile(REPRO_SOURCE_ROOT, name);
}

void audit_rows(benchmark::State& state) {
  claims::Claims claims = many_claims();
  // One arithmetic check over all rows; the paper's file has several a row.
  std::erase_if(claims.checks,
                [](const auto& check) { return claims::head_of(check).id != "submodel_cost"; });
  for (auto _ : state) benchmark::DoNotOptimize(claims::audit(claims, profile));
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(audit_rows)->Unit(benchmark::kMillisecond);

void audit_whole_paper(benchmark::State& state) {
  const claims::Claims claims = claims::find_claims(REPRO_SOURCE_ROOT, "moe_disco");
  for (auto _ : state) benchmark::DoNotOptimize(claims::audit(claims, profile));
}
BENCHMARK(audit_whole_paper)->Unit(benchmark::kMillisecond);

void price_rows(benchmark::State& state) {
  const claims::Claims claims = many_claims();
  const claims::PriceCheck& check = claims::price_check(claims, "table3");
  const config::Profile low = profile("rtx-4090");
  const config::Profile high = profile("a100-80g");
  const claims::PriceQuestion question{.low = {.profile = low, .price = 0.4, .offers = {}},
                                       .high = {.profile = high, .price = 0.87, .offers = {}},
                                       .basis = claims::Basis::paper,
                                       .billing = {}};
  for (auto _ : state) benchmark::DoNotOptimize(claims::price(claims, check, question, low, high));
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(price_rows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace repro
