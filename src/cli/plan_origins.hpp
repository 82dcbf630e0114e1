#pragma once
// Each value of an experiment and the file and line it came from.

#include "cli/context.hpp"

namespace repro::cli {

void show_origins(const Context& context, const plan::Experiment& experiment,
                  const ExperimentChoice& choice);

}  // namespace repro::cli
