#pragma once
// GCP sells a host and its GPUs apart, and catalogs list them so: the price of a GPU alone is not
// what an hour costs.

#include <cstdint>
#include <string>

namespace repro::imports {

// Does the host called `instance` carry `count` GPUs of this name, and no other? False for hosts
// that GPUs are attached to freely (n1): which one is the user's choice, not the catalog's.
bool host_carries(const std::string& instance, const std::string& gpu, int64_t count);

}  // namespace repro::imports
