#pragma once
// A page of made-up runs, by the claims of the paper with its own way of pricing.

#include <fmt/format.h>

#include "findings/findings.hpp"
#include "report/browser.hpp"
#include "report/fixture_runs.hpp"
#include "temporary_directory.hpp"

namespace repro::report {

using nlohmann::json;

// Three seeds; without `reaches` one cell does not reach the target.
struct Paged {
  TemporaryDirectory folder;
  Fixture fixture;
  plan::Plan plan;
  findings::Sources sources;
  fs::path page;

  explicit Paged(bool reaches = true) {
    fixture.seeds = {0, 1, 2};
    fixture.tune_loss = [reaches](const std::string& corpus, int64_t steps, int64_t seed) {
      if (!reaches && corpus != "c4") return 5.4;
      const double gain = (corpus == "c4" ? 0.9 : 0.85) + 0.01 * static_cast<double>(seed);
      return 5.9 - gain * std::log(static_cast<double>(steps) / 10) / std::log(4.0);
    };
    plan = plan_of(fixture);
    write_runs(plan, fixture, folder.path());
    sources = sources_of(folder.path());
    sources.claims = claims::find_claims(REPRO_SOURCE_ROOT, "moe_disco");
    ReportOptions options;
    options.output = folder.path() / "out";
    options.formats = {Format::html, Format::figures};
    render(plan, sources, options);
    page = options.output / "report.html";
  }

  // What the program says with these prices in its snapshot.
  std::vector<findings::Finding> at(double low, double high) const {
    findings::Sources other = sources;
    other.prices.offers = {offer("rtx-4090", low), offer("a100-80g", high)};
    const findings::Study study(plan, other);
    std::vector<findings::Finding> judged;
    const auto all = findings::findings_of(study);
    for (const findings::StudyRow& row : study.rows)
      judged.push_back(findings::finding(all, study, row, "saving"));
    return judged;
  }
};

inline json run(const std::string& script) { return {{"run", script}}; }
inline json load(int width, int height) {
  return json::array({{{"size", {width, height}}}, {{"load", true}}});
}
inline json joined(json steps, const json& more) {
  for (const json& step : more) steps.push_back(step);
  return steps;
}

}  // namespace repro::report
