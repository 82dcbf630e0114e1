#pragma once
// Would a method pay on these devices at these prices? Hours on each pool of devices become dollars
// and a saving against training everything on one of them; and what would have to be otherwise for
// the answer to turn: a price, a speed, the length of the last phase.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "forecast/phase_run.hpp"

namespace repro::forecast {

// What is used of one pool.
struct PoolUse {
  BySpeed hours;         // one phase after another
  BySpeed device_hours;  // that are paid
};
// By pool, in the pools' order.
using Use = std::vector<PoolUse>;

Use use_of(const std::vector<PhaseRun>& phases, const std::vector<size_t>& pools,
           size_t pool_count);
void add(Use& to, const Use& more);

// How fast each pool turns out: an index into BySpeed of each.
using Speeds = std::vector<size_t>;
double hours(const Use& use, const Speeds& speeds);
double dollars(const Use& use, const std::vector<Pool>& pools, const Speeds& speeds);
Speeds expected_speeds(size_t pool_count);

struct Spread {
  double expected = 0, low = 0, high = 0;
};
// Over every pool's being slow, as expected or fast, the same for all that runs on it.
Spread spread_of(const std::function<double(const Speeds&)>& amount, size_t pool_count);

enum class Answer { yes, no, depends };
std::string_view name(Answer answer);

// What one pool would have to be like for the method to cost, or take, as much as the baseline.
struct Turn {
  size_t pool = 0;
  std::optional<double> price = {};  // dollars an hour; empty = no price of it turns the answer
  // As a multiple of the expected speed; empty = no speed of it does. The method pays above it.
  std::optional<double> speed = {};
};

// A method against the baseline, both as they use the pools.
struct Comparison {
  Spread baseline, method;  // dollars, or hours where the fastest is wanted
  Spread saving;            // 1 - method / baseline
  Answer answer = Answer::depends;
  std::vector<Turn> turns;  // of each pool that one of them uses
  // The last phase's steps, as a multiple of what was assumed, at which nothing is saved; empty =
  // it never pays, however short the last phase.
  std::optional<double> last_phase;
};

// `last`: the part of `method` that its last phase is. `sure`: every number rests on evidence; else
// the answer is never more than depends.
Comparison compare(const Use& baseline, const Use& method, const Use& last,
                   const std::vector<Pool>& pools, Want want, bool sure);

// Every way to put so many phases on so many pools.
std::vector<std::vector<size_t>> placements(size_t phases, size_t pool_count);

}  // namespace repro::forecast
