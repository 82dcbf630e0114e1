#pragma once
// The pictures that a view asks for by name: "curves" (report/curves.hpp), "profile", "plane",
// "scaling".

#include <string>
#include <vector>

#include "findings/study.hpp"
#include "report/curves.hpp"

namespace repro::report {

// Of the study's view, in its order; those without anything to show are left out.
std::vector<NamedPicture> view_pictures(const findings::Study& study);

// What an arm costs an hour against time, a colour a phase, so that an area is a cost; the baseline
// as an outline. One panel a corpus, one picture a model: means over the seeds that are compared.
std::vector<NamedPicture> cost_profiles(const findings::Study& study);

// Document vectors on their first two principal components, a colour a cluster, as the clustering
// of the first seed recorded them.
std::vector<NamedPicture> cluster_planes(const findings::Study& study);

// Published utilisation of one device against numbers of devices, and its projection
// (measure/scale_out.hpp) through the two smallest of each line.
std::vector<NamedPicture> scaling_picture(const findings::Study& study);

}  // namespace repro::report
