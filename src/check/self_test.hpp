#pragma once
// Does the gate fire? Known faults are made in one training, and each must be caught in the lanes
// that should catch it; the same training ended and continued without a fault must not be.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "check/compare.hpp"
#include "check/golden.hpp"
#include "check/observations.hpp"
#include "check/verdict.hpp"
#include "config/job_spec.hpp"

namespace repro::checks {

struct Injection {
  std::string fault;             // config::rehearsed_faults()
  std::string title;             // "learning rate + 20 %"
  bool at_resume = false;        // it needs a restart
  std::vector<Lane> lanes = {};  // each of these must catch it
};
const std::vector<Injection>& injections();

config::RehearsalSpec rehearsal_of(const Injection& injection, int64_t steps);

// The golden as this machine would have recorded it, of this one training: its own seeds' series
// and bits, with the golden's tolerances.
Golden golden_here(const Golden& golden, const Observations& here, const std::string& training);

struct Caught {
  std::vector<Row> rows;     // of the faulty training, against itself without the fault
  std::vector<Lane> by;      // lanes that caught it
  std::vector<Lane> missed;  // lanes that should have, and did not
  bool passes() const { return missed.empty(); }
};
Caught judge(const Injection& injection, const std::vector<Row>& rows);

// A training that was ended and continued against the one that was not, seed by seed: bit for bit,
// on whatever machine, for both ran here.
Row resume_row(const std::string& training, const Ensemble& straight, const Ensemble& restarted);
// What that row means when the same run, twice without a restart, differs as well.
void excuse_unstable(Row& row, const Ensemble& straight, const Ensemble& repeated);

}  // namespace repro::checks
