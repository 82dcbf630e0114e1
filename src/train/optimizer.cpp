#include "train/optimizer.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "train/adamw_kernel.hpp"

namespace repro::train {
namespace {

// Elements a task; fixed, so that partial sums do not depend on the number of threads.
constexpr int64_t kChunk = 1 << 16;

int64_t chunks(int64_t count) { return (count + kChunk - 1) / kChunk; }

double chunk_sum_of_squares(const at::Tensor& values, int64_t begin, size_t count) {
  if (values.scalar_type() == at::kFloat)
    return sum_of_squares_fp32(values.const_data_ptr<float>() + begin, count);
  const auto* bits = reinterpret_cast<const uint16_t*>(values.const_data_ptr<at::BFloat16>());
  return sum_of_squares_bf16(bits + begin, count);
}

uint16_t* bits_of(const at::Tensor& tensor) {
  return reinterpret_cast<uint16_t*>(tensor.mutable_data_ptr<at::BFloat16>());
}

}  // namespace

AdamW::AdamW(const config::OptimizerSpec& spec, at::Tensor values, at::Tensor gradients,
             int64_t decayed, std::optional<Part> part)
    : spec_(spec),
      values_(std::move(values)),
      gradients_(std::move(gradients)),
      decayed_(decayed),
      part_(part.value_or(Part{0, values_.numel()})),
      first_moment_(at::zeros({part_.count}, values_.options())),
      second_moment_(at::zeros({part_.count}, values_.options())) {
  check(part_.first >= 0 && part_.count >= 0 && part_.end() <= values_.numel(),
        "a part lies among the values");
  check(values_.is_contiguous() && gradients_.is_contiguous(), "the flat buffers are contiguous");
  check(values_.numel() == gradients_.numel() && decayed_ <= values_.numel(),
        "a gradient for each value");
  check(values_.scalar_type() == gradients_.scalar_type(), "values and gradients have one dtype");
  check(values_.scalar_type() == at::kFloat || values_.scalar_type() == at::kBFloat16,
        "values are fp32 or bf16");
}

double AdamW::gradient_norm() const {
  if (gradients_.is_cpu()) return norm_of(squares_of_chunks({0, norm_chunks()}));
  return at::linalg_vector_norm(gradients_, 2, {}, false, at::kFloat).item<double>();
}

int64_t AdamW::norm_chunks() const { return gradients_.is_cpu() ? chunks(gradients_.numel()) : 0; }

std::vector<double> AdamW::squares_of_chunks(const Part& part) const {
  std::vector<double> squares(static_cast<size_t>(norm_chunks()));
  at::parallel_for(part.first, part.end(), 1, [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      const int64_t begin = chunk * kChunk;
      const auto length = static_cast<size_t>(std::min(kChunk, gradients_.numel() - begin));
      squares[static_cast<size_t>(chunk)] = chunk_sum_of_squares(gradients_, begin, length);
    }
  });
  return squares;
}

double norm_of(const std::vector<double>& squares) {
  double sum = 0;
  for (const double square : squares) sum += square;
  return std::sqrt(sum);
}

void AdamW::update(double lr, double gradient_norm) {
  check(std::isfinite(gradient_norm), "a non-finite gradient stops the run before the update");
  ++updates_;
  const double scale = spec_.clip > 0 ? std::min(1.0, spec_.clip / (gradient_norm + 1e-6)) : 1.0;
  const auto apply = values_.is_cpu() ? &AdamW::update_on_cpu : &AdamW::update_on_device;
  const int64_t border = std::clamp(decayed_, part_.first, part_.end());
  (this->*apply)(part_.first, border, lr, spec_.weight_decay, scale);
  (this->*apply)(border, part_.end(), lr, 0, scale);
}

void AdamW::update_on_cpu(int64_t begin, int64_t end, double lr, double weight_decay,
                          double scale) {
  const auto t = static_cast<double>(updates_);
  const AdamwScalars scalars{
      .gradient_scale = static_cast<float>(scale),
      .beta1 = static_cast<float>(spec_.beta1),
      .beta2 = static_cast<float>(spec_.beta2),
      .decay_factor = static_cast<float>(1 - lr * weight_decay),
      .step_size = static_cast<float>(lr / (1 - std::pow(spec_.beta1, t))),
      .root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(spec_.beta2, t))),
      .epsilon = static_cast<float>(spec_.epsilon)};
  const bool fp32 = values_.scalar_type() == at::kFloat;
  at::parallel_for(0, chunks(end - begin), 1, [&](int64_t first, int64_t last) {
    const int64_t at = begin + first * kChunk;
    const int64_t moment = at - part_.first;
    const auto count = static_cast<size_t>(std::min(begin + last * kChunk, end) - at);
    if (fp32)
      adamw_fp32(values_.mutable_data_ptr<float>() + at, gradients_.const_data_ptr<float>() + at,
                 first_moment_.mutable_data_ptr<float>() + moment,
                 second_moment_.mutable_data_ptr<float>() + moment, count, scalars);
    else
      adamw_bf16(bits_of(values_) + at, bits_of(gradients_) + at, bits_of(first_moment_) + moment,
                 bits_of(second_moment_) + moment, count, scalars);
  });
}

void AdamW::update_on_device(int64_t begin, int64_t end, double lr, double weight_decay,
                             double scale) {
  if (begin == end) return;
  const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
  const auto moment = [&](const at::Tensor& flat) {
    return flat.narrow(0, begin - part_.first, end - begin);
  };
  // The operation divides gradients by grad_scale: the way mixed precision unscales them.
  const auto fp32 = values_.options().dtype(at::kFloat);
  const at::Tensor updates = at::full({}, static_cast<double>(updates_), fp32);
  const at::Tensor divisor = at::full({}, 1 / scale, fp32);
  at::_fused_adamw_({part(values_)}, {part(gradients_)}, {moment(first_moment_)},
                    {moment(second_moment_)}, {}, {updates}, lr, spec_.beta1, spec_.beta2,
                    weight_decay, spec_.epsilon, /*amsgrad=*/false, /*maximize=*/false, divisor);
}

}  // namespace repro::train
