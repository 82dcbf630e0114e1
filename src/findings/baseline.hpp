#pragma once
// Is a cell's baseline a fair one? What other learning rates, its seeds and its start say
// (measure::check_baseline), read from the row's runs.

#include "findings/study.hpp"
#include "measure/baseline_check.hpp"

namespace repro::findings {

// Of a row whose seeds and rates are known (StudyRow::baseline holds the answer). Empty while no
// run of the baseline is done.
std::optional<measure::BaselineCheck> check_baseline(const plan::Experiment& experiment,
                                                     const StudyRow& row);

// "Qwen / C4 > web: fails: a rate x 2 ends ...": the reasons as a clause.
std::string baseline_text(const measure::BaselineCheck& check);

}  // namespace repro::findings
