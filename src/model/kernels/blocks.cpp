#include "model/kernels/blocks.hpp"

#include "model/kernels/fused.hpp"
#include "model/kernels/plain.hpp"

namespace repro::model {

const Blocks& plain_blocks() {
  static const Blocks blocks{plain_embed, plain_attention, plain_read_segments,
                             plain_moe,   plain_head,      plain_score};
  return blocks;
}

const Blocks& fused_cpu_blocks() {
  static const Blocks blocks{fused_embed, fused_attention, fused_read_segments,
                             fused_moe,   fused_head,      fused_score};
  return blocks;
}

const Blocks& blocks_for(const at::Device& device, at::ScalarType values, bool fused) {
  return fused && device.is_cpu() && values == at::kFloat ? fused_cpu_blocks() : plain_blocks();
}

}  // namespace repro::model
