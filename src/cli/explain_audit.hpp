#pragma once
// `repro explain audit:PAPER:CHECK`: one check of an audit with its formula and, row by row, what
// went into it.

#include <string>

#include "base/error.hpp"
#include "cli/context.hpp"

namespace repro::cli {

// Usage error when the subject is not of three parts, Error when no check has that name.
Exit explain_audit(const Context& context, const std::string& subject);

}  // namespace repro::cli
