#pragma once
// What a catalog calls a GPU -> the board: providers write "A100_80G_SXM4", "A100-80GB-SXM",
// "NVIDIA A100 80GB PCIe" for boards of one hardware profile.

#include <cstdint>
#include <string>
#include <vector>

namespace repro::imports {

struct GpuName {
  std::string model;     // "a100", "rtx-4090", "rtx-6000-ada"
  std::string form;      // "sxm", "pcie", "nvl"; "" = not said
  double gigabytes = 0;  // 0 = not said
  bool slice = false;    // a part of a board: MIG, vGPU
};
GpuName parse_gpu_name(const std::string& name);

// What two columns say of one board; what the first leaves open is the second's.
GpuName completed(GpuName name, const GpuName& other);

// Gigabytes that boards of the model are built with; empty = not known here.
std::vector<double> built_sizes(const std::string& model);

// The hardware profile: the model, with its memory or form factor where boards of one name differ.
std::string profile_of(const GpuName& name);

// A GpuInfo column: a dictionary in Python's or JSON's notation, or a bare name.
struct GpuInfo {
  std::vector<std::string> names;
  double mebibytes = 0;        // SizeInMiB as it stands there; 0 = not said
  double total_mebibytes = 0;  // TotalGpuMemoryInMiB, likewise
};
GpuInfo parse_gpu_info(const std::string& text);

}  // namespace repro::imports
