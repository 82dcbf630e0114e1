// The same answer at every price that is known.
#include <fmt/format.h>

#include "cli/decide_view.hpp"
#include "findings/numbers.hpp"

namespace repro::cli {

std::vector<SnapshotPrice> snapshot_prices(const Decision& decision,
                                           const std::vector<config::PriceSnapshot>& snapshots) {
  std::vector<SnapshotPrice> all;
  if (!decision.option || !decision.baseline) return all;
  const forecast::Use& method = decision.options[*decision.option].use;
  const forecast::Use& full = decision.baselines[*decision.baseline].use;
  for (const config::PriceSnapshot& snapshot : snapshots) {
    SnapshotPrice priced{.snapshot = snapshot.name, .title = snapshot.title, .date = snapshot.date};
    std::vector<forecast::Pool> pools = decision.pools;
    bool any = false;
    for (size_t pool = 0; pool < pools.size(); ++pool) {
      priced.prices.emplace_back();
      const bool used = method[pool].hours.expected() + full[pool].hours.expected() > 0;
      const auto spread = snapshot.spread(pools[pool].device.name);
      if (!used || !spread) continue;
      pools[pool].price = spread->median;
      priced.prices.back() = spread->median;
      any = true;
    }
    if (!any) continue;
    const forecast::Speeds speeds = forecast::expected_speeds(pools.size());
    priced.baseline = forecast::dollars(full, pools, speeds);
    priced.method = forecast::dollars(method, pools, speeds);
    all.push_back(std::move(priced));
  }
  return all;
}

report::Table decision_snapshots(const Decision& decision,
                                 const std::vector<SnapshotPrice>& prices) {
  report::Table table{.title = "The same at every price that is known here",
                      .columns = {{.heading = "snapshot", .align = report::Align::left},
                                  {.heading = "date", .align = report::Align::left}}};
  for (const forecast::Pool& pool : decision.pools)
    table.columns.push_back({.heading = pool.device.name, .group = "$ an hour"});
  for (const char* heading : {"full $", "here $", "saving"})
    table.columns.push_back({.heading = heading});
  for (const SnapshotPrice& one : prices) {
    std::vector<report::TableCell> cells = {one.snapshot, one.date};
    for (size_t pool = 0; pool < decision.pools.size(); ++pool)
      cells.emplace_back(
          one.prices[pool]
              ? findings::significant(*one.prices[pool])
              : fmt::format("{} (given)", findings::significant(decision.pools[pool].price)),
          one.prices[pool].value_or(decision.pools[pool].price));
    const double saving = 1 - one.method / one.baseline;
    cells.emplace_back(findings::significant(one.baseline), one.baseline);
    cells.emplace_back(findings::significant(one.method), one.method);
    cells.emplace_back(findings::percent(saving), saving);
    table.add(std::move(cells));
  }
  return table;
}

}  // namespace repro::cli
