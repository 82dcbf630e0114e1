#pragma once
// Where a training ran, as far as it decides its bits: two runs of one platform must agree bit for
// bit, two of unlike ones need not.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace repro::checks {

// "processor" -> "AMD EPYC", "instruction sets", "kernels", "LibTorch", "compiler", "device". What
// is not known is left out; a log of another program knows nothing.
using Platform = std::map<std::string, std::string>;

// Of an environment.json.
Platform platform_of(const nlohmann::json& environment);

// What differs, a clause each: "kernels: avx512 then, avx2 now". Empty = one platform.
std::vector<std::string> differences(const Platform& then, const Platform& now);

// What decides seconds: the platform, cores and memory, without the host's name. 12 hex digits; ""
// where the environment says nothing.
std::string machine_id(const nlohmann::json& environment);
// "AMD EPYC, 2 cores, 8 GB".
std::string machine_text(const nlohmann::json& environment);

}  // namespace repro::checks
