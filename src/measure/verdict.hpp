#pragma once
// Does a measured effect bear out a published one? Four answers, each with its reason. A table asks
// many such questions at once, so they are answered together: what luck gives one number in twenty
// it must not give as a finding (Holm's correction over all of them). One run cannot say how far
// luck carried it: without noise from repeats it is never more than "inconclusive".

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/effect.hpp"

namespace repro::measure {

enum class Verdict { reproduced, not_reproduced, inconclusive, not_tested };
std::string_view name(Verdict verdict);  // "not reproduced"

// How a published effect is read. A saving is reproduced when it is at least as large as published,
// a share of the work when it is at most as large, a loss when it is about the same.
enum class Sense { at_least, at_most, about };

struct Question {
  Sense sense = Sense::at_least;
  double claimed = 0;  // the published effect
  double margin = 0;   // how far from `claimed` still counts as it
  Effect effect;
};

// Everything that counts as the published effect; an end may be infinite.
Interval claimed_set(const Question& question);

// Of an effect within everything that counts as the claim: that it is outside after all; of one
// outside: that it is inside. From Student's t, the distance to the nearest edge by the half width
// towards it; two-sided, because the data decide which of the two is asked: 0.05 where the interval
// (not cut at what is possible) ends on the edge. Empty when nothing measures the noise.
std::optional<double> p_value(const Question& question);

struct Judgement {
  Verdict verdict = Verdict::not_tested;
  std::string reason = "not run";  // a clause, without a full stop
  std::optional<double> p;         // by itself; empty: no test was possible
  std::optional<double> p_holm;    // among all `judged`
  int64_t judged = 0;              // numbers of the table that have a p
};
// Of a whole table, in its order. Decided where p_holm <= 0.05.
std::vector<Judgement> judge(std::span<const Question> table);

}  // namespace repro::measure
