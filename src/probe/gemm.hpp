#pragma once
// The GEMM peak that a probe finds: matrix products in the shapes of the models asked for.

#include <c10/core/Device.h>

#include <vector>

#include "config/probe.hpp"
#include "config/profile.hpp"
#include "data/text/document.hpp"

namespace repro::probe {

// Every shape of the spec's entries in bf16 and fp32, on a CPU by the faster of LibTorch's library
// and our own kernels: a peak that a step cannot beat. A shape that would take longer than
// spec.gemm_seconds is sliced along its longest dimension (whole_n says of how much).
std::vector<config::MeasuredGemm> measure_gemms(const config::ProbeSpec& spec,
                                                const c10::Device& device,
                                                const data::ProgressCallback& progress);

}  // namespace repro::probe
