#pragma once
// What a gate says of one number, and of all of them together.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace repro::checks {

enum class Lane {
  exact,        // bit for bit, on one kind of machine; data order and schedule on every one
  approximate,  // step by step, within what noise has been seen to do
  statistical,  // over the seeds together
  time          // seconds of a step, on one machine
};
std::string_view name(Lane lane);

enum class Verdict {
  ok,
  regression,        // shown twice, the second time with seeds that the first did not see
  suspect,           // shown once
  unstable,          // too noisy to say
  not_comparable,    // an unlike machine, container or settings
  nothing_measured,  // a run failed, or there is none
};
std::string_view name(Verdict verdict);  // "regression confirmed"

struct Row {
  std::string training = {};  // "qwen_moe-c4-full"
  std::string quantity = {};  // "loss by step"
  Lane lane = Lane::exact;
  std::string golden = {}, now = {}, tolerance = {};  // for people
  std::optional<double> golden_value = {}, now_value = {}, tolerance_value = {};
  Verdict verdict = Verdict::ok;
  std::string reason = {};  // why it is not ok, or what was cleared
  int worse = 1;            // the direction in which it gets worse
  int direction = 0;        // 1: now is the larger, -1: the smaller, 0: neither
  bool advisory = false;    // exact records where the other lanes decide
  bool failed = false;      // nothing measured because a run failed

  std::string metric() const { return training + ": " + quantity; }
};

// The second look: a suspect row of the first is a regression when its twin in the second is
// suspect too, in the same direction. Otherwise it is cleared, unless the second cannot decide or
// the row is of the exact lane, which no chance moves: those stay suspect. What only the second
// finds says nothing about the first. An advisory row is cleared when another lane holds for its
// training and no other row of it stands.
std::vector<Row> confirm(std::vector<Row> first, const std::vector<Row>& second);

// Rows that were suspect and are cleared.
int64_t count_cleared(const std::vector<Row>& before, const std::vector<Row>& after);
int64_t count(const std::vector<Row>& rows, Verdict verdict);

// Regression before a failed run before what is undecided before what is missing.
Exit exit_of(const std::vector<Row>& rows);
// "1 regression confirmed, 2 suspect, 41 ok": in that order, without zeros.
std::string counts_text(const std::vector<Row>& rows);

}  // namespace repro::checks
