#pragma once
// The learning rate of each update. With t the number of updates already made, w the warmup and T
// all updates, as Hugging Face's transformers define them (optimization.py):
//
//   constant  min(t / w, 1)
//   cosine    min(t / w, e + (1 - e) (1 + cos(pi (t - w) / (T - w))) / 2)      e = end_ratio
//   wsd       e + (1 - e) t / w, then 1, then over the last D updates linearly from 1 towards e
//
// wsd is get_wsd_schedule with decay_type = "linear" and min_lr_ratio = e, which holds for its
// warmup too: that begins at e, not at 0 (it was 0 in releases that had no decay_type). The other
// two warm up from 0 whatever e is. Where warmup and decay overlap the decay is the one cut short.

#include <cstdint>

#include "config/job_spec.hpp"

namespace repro::train {

// w: `warmup` is a fraction of `total` updates, rounded up.
int64_t warmup_updates(const config::OptimizerSpec& spec, int64_t total);

// Rate of update `t`, 0 <= t < total.
double learning_rate(const config::OptimizerSpec& spec, int64_t t, int64_t total);

}  // namespace repro::train
