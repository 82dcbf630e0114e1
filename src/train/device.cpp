#include "train/device.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <sys/resource.h>

#include <cstdlib>
#include <fstream>

#include "base/error.hpp"

namespace repro::train {
namespace {

c10::Device open_cuda(int64_t rank) {
  // Its static constructors register the CUDA kernels with LibTorch. Never closed.
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr)
    throw Error(
        "device 'cuda': {}; install a LibTorch with CUDA and its libraries, or use "
        "device = \"cpu\"",
        ::dlerror());
  if (!at::hasCUDA() || at::getNumGPUs() == 0)
    throw Error("device 'cuda': no GPU was found; use device = \"cpu\"");
  if (rank >= static_cast<int64_t>(at::getNumGPUs()))
    throw Error("device 'cuda': rank {} needs a GPU of its own, and there are {}; use fewer ranks",
                rank, at::getNumGPUs());
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(rank)};
}

}  // namespace

c10::Device open_device(const std::string& name, int64_t rank) {
  if (name == "cuda") return open_cuda(rank);
  check(name == "cpu", "the device is cpu or cuda");
  return c10::kCPU;
}

void synchronise(const c10::Device& device) {
  if (!device.is_cpu())
    c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

int64_t peak_memory_bytes(const c10::Device& device) {
  if (device.is_cpu()) {
    struct rusage usage;
    check(::getrusage(RUSAGE_SELF, &usage) == 0, "getrusage of this process works");
    return int64_t{usage.ru_maxrss} * 1024;
  }
  using c10::CachingAllocator::StatType;
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.reserved_bytes[static_cast<size_t>(StatType::AGGREGATE)].peak;
}

int64_t free_memory_bytes(const c10::Device& device) {
  if (!device.is_cpu())
    return static_cast<int64_t>(
        c10::getDeviceAllocator(device.type())->getMemoryInfo(device.index()).first);
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("MemAvailable:"))
      return std::strtoll(line.c_str() + line.find(':') + 1, nullptr, 10) * 1024;
  throw Error("/proc/meminfo: has no MemAvailable; give the probe memory_bytes");
}

void make_repeatable(int64_t threads) {
  // cuBLAS is deterministic only with a workspace of fixed size, read when it starts.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  // Filling fresh memory with NaN, which that mode would add, costs time and changes no result.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  at::set_num_threads(static_cast<int>(threads));
}

}  // namespace repro::train
