#pragma once
// The report's list of values that differ from the paper's: each with the paper's own, whichever of
// scale, manifest and command line changed it last.

#include <string>
#include <vector>

#include "plan/manifest.hpp"

namespace repro::plan {

// `path` of the manifest becomes `value`. `paper` is the manifest as it was read, before every
// override. A path that is changed again keeps one line; changed back to the paper's, none.
void note_difference(std::vector<Difference>& differences, const config::Node& paper,
                     const std::string& path, const config::Node& value);

// What the command line asks to be otherwise than manifest and scale have it, as
// Experiment::asked says it.
std::vector<std::string> asked_of(const ExperimentOptions& options, const config::Node& manifest,
                                  const config::Node& scale);

// What the sizes of the models differ in, and the corpora that are not the paper's own. `scale`
// says where each role was given its corpus.
void add_differences(Experiment& experiment, const config::Node& scale);

}  // namespace repro::plan
