#pragma once
// `repro data import`: a corpus of files that the user has.

#include "cli/program.hpp"

namespace repro::cli {

void add_data_import(Program& program, CLI::App& parent);

}  // namespace repro::cli
