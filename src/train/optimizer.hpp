#pragma once
// AdamW with global-norm clipping over the model's flat buffers, as torch.optim.AdamW and
// clip_grad_norm_ define them. The first `decayed` elements take weight decay. Moments have the
// values' dtype: fp32, or bf16 when the values are bf16 (where an update below half the spacing of
// bf16 is lost, as in a literally pure bf16 training).
//
// Sums run in a fixed order, in double, whatever the number of threads: equal input gives equal
// bits.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "config/job_spec.hpp"
#include "train/part.hpp"

namespace repro::train {

class AdamW {
 public:
  // `values` and `gradients`: (P), contiguous, one dtype and device; not copied. With a part it
  // updates these elements alone, as it would among all, and keeps moments of no others.
  AdamW(const config::OptimizerSpec& spec, at::Tensor values, at::Tensor gradients, int64_t decayed,
        std::optional<Part> part = {});

  // L2 norm of all gradients; not finite when one of them is not.
  double gradient_norm() const;
  // The same by parts, on a processor: the sum of squares of each chunk of the gradients, zero
  // but in these; norm_of() their sum over the parts. Without chunks: on another device.
  int64_t norm_chunks() const;
  std::vector<double> squares_of_chunks(const Part& chunks) const;
  // One update at rate `lr`; gradients are scaled by min(1, clip / (gradient_norm + 1e-6)).
  void update(double lr, double gradient_norm);

  const Part& part() const { return part_; }
  bool whole() const { return part_.count == values_.numel(); }

  // What a checkpoint must keep, of its part. The moments may be written to.
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }
  const at::Tensor& first_moment() const { return first_moment_; }
  const at::Tensor& second_moment() const { return second_moment_; }

 private:
  void update_on_cpu(int64_t begin, int64_t end, double lr, double weight_decay, double scale);
  void update_on_device(int64_t begin, int64_t end, double lr, double weight_decay, double scale);

  config::OptimizerSpec spec_;
  at::Tensor values_;
  at::Tensor gradients_;
  int64_t decayed_;
  Part part_;
  at::Tensor first_moment_;
  at::Tensor second_moment_;
  int64_t updates_ = 0;
};

double norm_of(const std::vector<double>& squares);

}  // namespace repro::train
