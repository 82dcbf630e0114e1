#include "import/split_host.hpp"

#include <array>
#include <map>

#include "import/gpu_name.hpp"

namespace repro::imports {
namespace {

struct Family {
  const char* prefix;  // of the instance's name, before its number of GPUs: "a2-ultragpu-8g"
  const char* model;
  double gigabytes;  // 0 = the model has one size
};

// Google Cloud's "GPU machine types": those that are optimised for accelerators.
constexpr std::array kFamilies = {
    Family{"a2-highgpu-", "a100", 40},  Family{"a2-megagpu-", "a100", 40},
    Family{"a2-ultragpu-", "a100", 80}, Family{"a3-highgpu-", "h100", 0},
    Family{"a3-edgegpu-", "h100", 0},   Family{"a3-megagpu-", "h100-mega", 0},
    Family{"a3-ultragpu-", "h200", 0},  Family{"a4-highgpu-", "b200", 0}};

// g2-standard-N: vCPUs -> L4 boards.
const std::map<std::string, int64_t>& l4_hosts() {
  static const std::map<std::string, int64_t> kHosts = {
      {"g2-standard-4", 1},  {"g2-standard-8", 1},  {"g2-standard-12", 1}, {"g2-standard-16", 1},
      {"g2-standard-32", 1}, {"g2-standard-24", 2}, {"g2-standard-48", 4}, {"g2-standard-96", 8}};
  return kHosts;
}

}  // namespace

bool host_carries(const std::string& instance, const std::string& gpu, int64_t count) {
  const GpuName name = parse_gpu_name(gpu);
  if (const auto host = l4_hosts().find(instance); host != l4_hosts().end())
    return name.model == "l4" && host->second == count;
  for (const Family& family : kFamilies) {
    if (!instance.starts_with(family.prefix)) continue;
    const std::string boards = instance.substr(std::string(family.prefix).size());
    // A bare "A100" is the 40 GB board there; the other one says its size.
    const double gigabytes = name.model == "a100" && name.gigabytes == 0 ? 40 : name.gigabytes;
    return name.model == family.model && (family.gigabytes == 0 || gigabytes == family.gigabytes) &&
           boards == std::to_string(count) + "g";
  }
  return false;
}

}  // namespace repro::imports
