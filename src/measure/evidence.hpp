#pragma once
// What a number rests on. Every number that a reader sees carries its evidence, and levels are
// never mixed in silence: a sum or quotient of several says that it is.

#include <string_view>

namespace repro::measure {

// From the best known to the least: measured by runs here; as a paper prints it; a measured step
// time x steps, here's or a paper's, on the device it was measured on or, by the ratio of their
// speeds, on another; several of these together; from a data sheet or a smaller model; taken as
// given without a source; not known.
enum class Evidence { measured, published, calibrated, mixed, projected, assumed, none };
std::string_view name(Evidence evidence);  // "measured", ..., "n/m" for none
std::string_view key(Evidence evidence);   // for machines: likewise, "none" for none

// Of a number that needs both: no better known than its worse part, `mixed` where neither part is
// projected, assumed or unknown.
Evidence combined(Evidence a, Evidence b);

}  // namespace repro::measure
