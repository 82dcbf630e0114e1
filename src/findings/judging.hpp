#pragma once
// Which numbers of a table are a test of the paper's, what each asks, and what its verdict is worth
// at a stand-in.

#include <cstdint>
#include <optional>
#include <string>

#include "findings/finding.hpp"
#include "findings/row_effect.hpp"
#include "findings/study.hpp"
#include "measure/baseline_check.hpp"

namespace repro::findings {

// A stand-in's few seeds are cheap: fewer decide nothing.
constexpr int64_t kStandInSeeds = 3;

// Why the runs are no test of the paper's number; empty when they are one. Any number of a scale
// that is not judged; an absolute number at a stand-in; one that the manifest fixes; one that
// follows from seconds where the timing part alone is more than half of the published effect, or
// more than 15 points of a share: then no price means anything.
std::string untested_reason(const claims::Quantity& quantity, const Study& study,
                            const StudyRow& row, const std::optional<double>& paper,
                            const std::optional<RowEffect>& measured);

// A tenth of the published effect still counts as it.
measure::Question question_of(const claims::Quantity& quantity, double paper,
                              const measure::Effect& effect);

// "at stand-in scale", "on a stand-in corpus", "".
std::string scope_of(const Study& study, const StudyRow& row);

// Takes a verdict back that fewer than 3 seeds of a stand-in gave: they are cheap.
void limit_stand_in(Finding& finding);

// Against a baseline that fails its check nothing is borne out.
void limit_baseline(const std::optional<measure::BaselineCheck>& check, Finding& finding);

// "not reproduced at stand-in scale", "inconclusive (stand-in)": every verdict on a stand-in says
// so.
std::string verdict_text(const Finding& finding);

}  // namespace repro::findings
