#include "check/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace repro::checks {
namespace {

constexpr Verdict kInOrder[] = {Verdict::regression,     Verdict::suspect,
                                Verdict::unstable,       Verdict::nothing_measured,
                                Verdict::not_comparable, Verdict::ok};

const Row* twin_of(const Row& row, const std::vector<Row>& rows) {
  for (const Row& other : rows)
    if (other.training == row.training && other.quantity == row.quantity && other.lane == row.lane)
      return &other;
  return nullptr;
}

void settle(Row& row, const Row* again) {
  if (again == nullptr || again->verdict == Verdict::nothing_measured) {
    row.reason += "; no run with other seeds says more";
    return;
  }
  const bool same_way = again->direction == row.direction;
  if (again->verdict == Verdict::suspect && same_way) {
    row.verdict = Verdict::regression;
    row.reason += "; so with other seeds: " + again->reason;
    return;
  }
  const bool decides = again->verdict == Verdict::ok || again->verdict == Verdict::suspect;
  if (!decides) {
    row.reason += "; other seeds do not decide it: " + again->reason;
    return;
  }
  if (row.lane == Lane::exact) {
    row.reason += "; not so with other seeds, but chance makes no such difference";
    return;
  }
  row.verdict = Verdict::ok;
  row.reason = fmt::format("cleared by other seeds (it was: {})", row.reason);
}

// Whether a lane that judges by noise has looked at this training and found nothing.
bool others_hold(const std::string& training, const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
    const bool by_noise = row.lane == Lane::approximate || row.lane == Lane::statistical;
    return by_noise && row.training == training && row.verdict == Verdict::ok;
  });
}

}  // namespace

std::string_view name(Lane lane) {
  switch (lane) {
    case Lane::exact:
      return "exact";
    case Lane::approximate:
      return "approximate";
    case Lane::statistical:
      return "statistical";
    case Lane::time:
      return "time";
  }
  return "";
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::regression:
      return "regression confirmed";
    case Verdict::suspect:
      return "suspect";
    case Verdict::unstable:
      return "unstable";
    case Verdict::not_comparable:
      return "not comparable";
    case Verdict::nothing_measured:
      return "nothing measured";
  }
  return "";
}

std::vector<Row> confirm(std::vector<Row> first, const std::vector<Row>& second) {
  for (Row& row : first)
    if (row.verdict == Verdict::suspect && !row.advisory) settle(row, twin_of(row, second));
  const auto stands = [](const Row& row) {
    return row.verdict == Verdict::regression || row.verdict == Verdict::suspect;
  };
  for (Row& row : first) {
    if (row.verdict != Verdict::suspect || !row.advisory) continue;
    const bool borne_out = std::any_of(first.begin(), first.end(), [&](const Row& other) {
      return !other.advisory && other.training == row.training && stands(other);
    });
    if (borne_out || !others_hold(row.training, first)) continue;
    row.verdict = Verdict::ok;
    row.reason += "; the other lanes hold, so this alone is no regression";
  }
  return first;
}

int64_t count_cleared(const std::vector<Row>& before, const std::vector<Row>& after) {
  int64_t cleared = 0;
  for (size_t i = 0; i < before.size() && i < after.size(); ++i)
    cleared += before[i].verdict == Verdict::suspect && !before[i].advisory &&
               after[i].verdict == Verdict::ok;
  return cleared;
}

int64_t count(const std::vector<Row>& rows, Verdict verdict) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](const Row& row) { return row.verdict == verdict; });
}

Exit exit_of(const std::vector<Row>& rows) {
  if (count(rows, Verdict::regression) > 0) return Exit::regression;
  if (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.failed; }))
    return Exit::run_failed;
  if (count(rows, Verdict::suspect) > 0 || count(rows, Verdict::unstable) > 0)
    return Exit::inconclusive;
  const bool missing = count(rows, Verdict::nothing_measured) > 0;
  return count(rows, Verdict::ok) > 0 && !missing ? Exit::ok : Exit::nothing_measured;
}

std::string counts_text(const std::vector<Row>& rows) {
  std::vector<std::string> parts;
  for (const Verdict verdict : kInOrder)
    if (const int64_t n = count(rows, verdict); n > 0)
      parts.push_back(fmt::format("{} {}", n, name(verdict)));
  return parts.empty() ? "nothing measured" : join(parts, ", ");
}

}  // namespace repro::checks
