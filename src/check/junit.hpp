#pragma once
// Rows as JUnit's XML, which build servers show: a suite a golden, a case a row.

#include <string>
#include <vector>

#include "check/verdict.hpp"

namespace repro::checks {

// A regression, a suspect and an unstable row are failures of that type; a run that failed is an
// error; what is not comparable or not measured is skipped, with the reason.
std::string to_junit(const std::string& suite, const std::vector<Row>& rows, double seconds);

}  // namespace repro::checks
