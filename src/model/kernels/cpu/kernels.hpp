#pragma once
// The loops of the fused CPU blocks (rows, matrix products, attention), as tables of functions: one
// table per instruction set and element type, chosen once by what the processor supports. Nothing
// here knows tensors; all buffers are dense rows.
//
// C = element type of matrices: float, or Bf16 for bf16-mixed. Everything else is fp32; sums that
// leave a row are made in a fixed order.

#include <cstdint>
#include <string_view>

namespace repro::model::cpu {

struct Bf16 {
  uint16_t bits;
};

struct AttentionSizes {
  int64_t batch, tokens, heads, kv_heads, head_width;
};

template <typename C>
struct Kernels {
  // out = weight * x / rms(x); inverse_rms (rows) is kept for the backward.
  void (*rms_norm)(int64_t rows, int64_t width, const float* x, const float* weight, float epsilon,
                   C* out, float* inverse_rms);
  // dx = scale * (gradient of rms_norm for dout + dout2 + dwide) + residual; adds to dweight.
  // dout2, dwide and residual may be null.
  void (*rms_norm_backward)(int64_t rows, int64_t width, const float* x, const float* weight,
                            const float* inverse_rms, const C* dout, const C* dout2,
                            const float* dwide, const float* residual, float scale, float* dx,
                            float* dweight);
  // out = x + a + b; b may be null.
  void (*add_residual)(int64_t count, const float* x, const C* a, const C* b, float* out);
  void (*cast)(int64_t count, const float* in, C* out);
  // sum += scale * in
  void (*accumulate)(int64_t count, const C* in, float scale, float* sum);
  // out[row] = sum over j < terms of in[position[row * terms + j]]
  void (*gather_sums)(int64_t rows, int64_t terms, int64_t width, const int64_t* position,
                      const C* in, C* out);
  // sum[column] += in[row][column] over all rows.
  void (*column_sums)(int64_t rows, int64_t columns, const C* in, float* sum);

  // The three products of a linear layer with weight w (out, in). packed: w as the right operand of
  // y = x w^T (forward) or of dx = dy w (backward).
  int64_t (*packed_weight_floats)(int64_t depth, int64_t columns);
  void (*pack_forward)(int64_t out, int64_t in, const C* w, float* packed);
  void (*pack_backward)(int64_t out, int64_t in, const C* w, float* packed);
  // c (rows, columns) = a (rows, depth) times the packed weight.
  void (*multiply)(int64_t rows, int64_t columns, int64_t depth, const C* a, const float* packed,
                   C* c, float* scratch);
  // c (rows, columns) += a^T b for b (depth, columns) and the first `rows` columns of a, whose rows
  // are a_row apart.
  void (*add_transposed_product)(int64_t depth, int64_t rows, int64_t columns, const C* a,
                                 int64_t a_row, const C* b, float* c, float* scratch);
  int64_t (*linear_scratch)(int64_t columns);  // floats that either needs

  // In place on qkv rows of (heads + 2 kv_heads) * head_width: adds the bias (null = none), then
  // turns q and k by the angles. cos, sin: (tokens, head_width / 2).
  void (*rotate)(const AttentionSizes& sizes, const float* bias, const float* cos, const float* sin,
                 C* qkv);
  void (*rotate_backward)(const AttentionSizes& sizes, const float* cos, const float* sin, C* dqkv);
  // Causal softmax attention over rotated qkv rows, of each sequence's queries from `asked` on:
  // what stands before them is only looked at. out: rows of heads * head_width; log_sum: (batch,
  // heads, tokens - asked), for the backward. scratch: zeros (what pads the operands), which may
  // serve again for equal sizes. A row's bits do not depend on `asked`.
  void (*attention)(const AttentionSizes& sizes, int64_t asked, const C* qkv, C* out,
                    float* log_sum, float* scratch);
  void (*attention_backward)(const AttentionSizes& sizes, const C* qkv, const C* out,
                             const float* log_sum, const C* dout, C* dqkv, float* scratch);
  int64_t (*attention_scratch)(const AttentionSizes& sizes);  // floats that either needs

  // rows x experts blocks: gate_up[block] = (gate f, up f); hidden = silu(gate) * up *
  // score[block].
  void (*swiglu)(int64_t blocks, int64_t width, const C* gate_up, const float* score, C* hidden);
  // In place: gate_up becomes its gradient. dscore[block] is written.
  void (*swiglu_backward)(int64_t blocks, int64_t width, const C* dhidden, const float* score,
                          C* gate_up, float* dscore);

  // In place: logits become softmax(logits) - onehot(target) when `gradient`. Returns the sum of
  // -log softmax[target]. `row` is scratch of `width` floats.
  double (*cross_entropy)(int64_t rows, int64_t width, const int64_t* targets, bool gradient,
                          C* logits, float* row);
};

// Instruction sets, each holding the ones before it.
enum class Isa { generic, avx2, avx512 };
bool supports(Isa isa);          // this processor does
std::string_view name(Isa isa);  // "avx2"
// The best that this processor supports, or a lesser one that $REPRO_KERNELS names, to see here
// what another machine computes; Error when it names none that there is. use_isa() is for tests,
// which must see the others too.
Isa isa();
void use_isa(Isa isa);

template <typename C>
const Kernels<C>& kernels();  // of isa()

namespace generic {
extern const Kernels<float> kFloat;
extern const Kernels<Bf16> kBf16;
}  // namespace generic
namespace avx2 {
extern const Kernels<float> kFloat;
extern const Kernels<Bf16> kBf16;
}  // namespace avx2
namespace avx512 {
extern const Kernels<float> kFloat;
extern const Kernels<Bf16> kBf16;
}  // namespace avx512

}  // namespace repro::model::cpu
