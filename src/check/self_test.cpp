#include "check/self_test.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "check/cause.hpp"

namespace repro::checks {
namespace {

bool contains(const std::vector<Lane>& lanes, Lane lane) {
  return std::find(lanes.begin(), lanes.end(), lane) != lanes.end();
}

bool differs(const Member& a, const Member& b) { return a.digest != b.digest; }

}  // namespace

const std::vector<Injection>& injections() {
  using L = Lane;
  static const std::vector<Injection> kAll = {
      {"rate", "learning rate + 20 %", false, {L::exact, L::approximate}},
      {"dead-expert", "an expert never used, as if never routed to", false, {L::approximate}},
      {"order", "data order changed", false, {L::exact}},
      {"loss", "loss x 1.01", false, {L::approximate, L::statistical}},
      {"repeated-seed", "a seed repeated", false, {L::exact}},
      {"batch-skipped-at-resume", "a batch skipped at resume", true, {L::exact}},
      {"optimizer-at-resume", "optimizer state lost at resume", true, {L::exact, L::approximate}},
      {"experts-at-resume", "experts re-initialised at resume", true, {L::exact, L::approximate}},
      {"frozen-block",
       "gradient of one block zeroed every tenth step",
       false,
       {L::exact, L::approximate}},
      {"bf16-norms", "bf16 norms", false, {L::exact}}};
  return kAll;
}

config::RehearsalSpec rehearsal_of(const Injection& injection, int64_t steps) {
  config::RehearsalSpec how;
  how.fault = injection.fault;
  if (injection.at_resume) how.restart_after = std::max<int64_t>(1, steps / 2);
  return how;
}

Golden golden_here(const Golden& golden, const Observations& here, const std::string& training) {
  const auto recorded = golden.trainings.find(training);
  if (recorded == golden.trainings.end())
    throw Error("golden '{}': has no training '{}'; record it again", golden.name, training);
  Golden own = golden;
  own.platform = here.platform;
  own.trainings.clear();
  TrainingGolden& changed = own.trainings[training];
  changed = recorded->second;
  for (const auto& [seed, member] : as_kept(here.trainings.at(training)))
    changed.seeds[seed] = member;
  return own;
}

Caught judge(const Injection& injection, const std::vector<Row>& rows) {
  Caught caught{.rows = rows, .by = {}, .missed = {}};
  for (const Row& row : rows) {
    const bool found = row.verdict == Verdict::suspect || row.verdict == Verdict::regression;
    if (found && !contains(caught.by, row.lane)) caught.by.push_back(row.lane);
  }
  for (const Lane lane : injection.lanes)
    if (!contains(caught.by, lane)) caught.missed.push_back(lane);
  return caught;
}

Row resume_row(const std::string& training, const Ensemble& straight, const Ensemble& restarted) {
  Row row{.training = training,
          .quantity = "ended and continued",
          .lane = Lane::exact,
          .golden = "as without a stop",
          .now = "equal",
          .tolerance = "equal bits"};
  int64_t compared = 0;
  for (const auto& [seed, member] : restarted) {
    const auto whole = straight.find(seed);
    if (whole == straight.end() || !whole->second.failure.empty()) continue;
    if (!member.failure.empty()) {
      row.now = "missing";
      row.verdict = Verdict::nothing_measured;
      row.reason = fmt::format("seed {}: {}", seed, member.failure);
      row.failed = true;
      return row;
    }
    ++compared;
    if (!differs(whole->second, member)) continue;
    row.now = "differs";
    row.verdict = Verdict::suspect;
    row.reason = fmt::format("seed {}: another run than without a stop", seed);
    if (const auto first = first_difference(seed, whole->second, member))
      row.reason = text_of(*first, whole->second.order != member.order);
    return row;
  }
  if (compared == 0) {
    row.now = "not run";
    row.verdict = Verdict::nothing_measured;
    row.reason = "no run to compare with";
  }
  return row;
}

void excuse_unstable(Row& row, const Ensemble& straight, const Ensemble& repeated) {
  for (const auto& [seed, member] : repeated) {
    const auto whole = straight.find(seed);
    if (whole == straight.end() || !member.failure.empty() || !differs(whole->second, member))
      continue;
    row.verdict = Verdict::unstable;
    row.reason = fmt::format("seed {} twice, without a stop, gives two runs: {}", seed, row.reason);
    return;
  }
}

}  // namespace repro::checks
