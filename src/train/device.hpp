#pragma once
// Devices as values: one program for the CPU and for GPUs, without a CUDA header. LibTorch's CUDA
// library is loaded when a job asks for it.

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace repro::train {

// "cpu" or "cuda": of a process that works with others the GPU of its number. Error when this
// LibTorch or this machine has no such device.
c10::Device open_device(const std::string& name, int64_t rank = 0);

// Waits until the device has done all it was given: before a clock is read.
void synchronise(const c10::Device& device);

// Most memory this process has held so far: of the device's allocator, or on the CPU resident.
int64_t peak_memory_bytes(const c10::Device& device);

// Memory that a new model could take now: what the system calls available, or free on the device.
int64_t free_memory_bytes(const c10::Device& device);

// One place for what makes a run repeatable: number of threads, deterministic kernels.
void make_repeatable(int64_t threads);

}  // namespace repro::train
