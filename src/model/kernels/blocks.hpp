#pragma once
// The three operations a model is made of, each one residual block of the equations: attention,
// mixture of experts, and head with loss. Every operation has a plain version in LibTorch's own
// differentiable operations (any device, any type, float64 included) and may have a fused one for
// the CPU with a hand-written backward; blocks_for() is the one place that chooses.
//
// Shapes: N = B * T tokens in rows, d width, E experts, k active, f expert width, V vocabulary.
// Types: "wide" = fp32, or fp64 for fp64 inputs. Norms, router, softmax and loss are wide; matrices
// multiply in the compute type; x keeps its own type (fp32 in bf16-mixed, bf16 in bf16-pure).

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "config/model.hpp"
#include "model/segments.hpp"

namespace repro::model {

// A parameter as a block reads it. Undefined tensors where the model has no such parameter.
struct Weight {
  at::Tensor leaf;      // the values, as an autograd leaf whose .grad is `gradient`
  at::Tensor compute;   // the same values in the compute type; the leaf itself except in bf16-mixed
  at::Tensor gradient;  // a view of the flat gradient; fused operations add to it
  bool defined() const { return leaf.defined(); }
};

struct AttentionWeights {
  Weight norm;      // (d)
  Weight qkv;       // ((heads + 2 kv_heads) * head_width, d)
  Weight qkv_bias;  // (...), or undefined
  Weight output;    // (d, heads * head_width)
  Weight router;    // (A, d): of heads in A groups, or undefined
};

struct AttentionShape {
  int64_t batch = 0;
  int64_t tokens = 0;
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_width = 0;
  double epsilon = 0;
  at::ScalarType compute = at::kFloat;
  at::Tensor cos_TD;  // (T, head_width / 2) wide: rotary angles
  at::Tensor sin_TD;
  double threshold = 0;  // of the heads' router
};

struct AttentionOutput {
  at::Tensor x_ND;
  at::Tensor gates_NA;  // wide: the router's scores; undefined without one
};

struct MoeWeights {
  Weight norm;            // (d)
  Weight router;          // (E, d); the first layer of an mlp
  Weight router_out;      // (E, E); its second
  Weight router_noise;    // (E, d)
  Weight router_bias;     // (E): for the selection alone, without a gradient
  Weight gate_up;         // (E, 2f, d): gate rows, then up rows, of each expert
  Weight down;            // (E, d, f)
  Weight shared_gate_up;  // (2 f_s, d)
  Weight shared_down;     // (d, f_s)
  Weight shared_gate;     // (1, d)
};

struct MoeShape {
  config::RouterConfig router;
  int64_t experts = 1;
  int64_t top_k = 1;
  double epsilon = 0;
  at::ScalarType compute = at::kFloat;
};

struct MoeOutput {
  at::Tensor x_ND;
  // What the router decided, wide and differentiable where the published losses are; undefined
  // without a router. Auxiliary losses are made of these.
  at::Tensor gates_NE;  // every expert's score; of selected-softmax the selected ones', else 0
  at::Tensor load_E;    // tokens sent to each expert, or their smooth estimate
  at::Tensor counts_E;  // int64: tokens sent to each expert
  at::Tensor attention_gates_NA;  // of the attention before it (AttentionOutput), set by the model
};

struct HeadWeights {
  Weight norm;    // (d)
  Weight output;  // (V, d)
};

struct HeadShape {
  double epsilon = 0;
  at::ScalarType compute = at::kFloat;
  int64_t chunk = 512;  // rows whose logits exist at one time
};

struct Blocks {
  // Rows of the table (V, d), in the values' type.
  at::Tensor (*embed)(const at::Tensor& tokens_N, const Weight& table);
  // x + Attention(norm(x)); the fused one has no router of heads
  AttentionOutput (*attention)(const at::Tensor& x_ND, const AttentionWeights&,
                               const AttentionShape&);
  // Its x over segments, which together are x's rows, without a graph. The shape's batch is not
  // read, and its `tokens` are those of the longest line. Of the fused blocks each row's bits are
  // those that attention() gives it in its line.
  at::Tensor (*read_segments)(const at::Tensor& x_ND, const AttentionWeights&,
                              const AttentionShape&, const std::vector<Segment>&);
  // x + MoE(norm(x)). noise_NE: standard normal gate noise, wide; undefined = off.
  MoeOutput (*moe)(const at::Tensor& x_ND, const MoeWeights&, const MoeShape&,
                   const at::Tensor& noise_NE);
  // Sum over rows of -log softmax(W norm(x))[target], () fp64; its gradient is made on the way.
  at::Tensor (*head)(const at::Tensor& x_ND, const HeadWeights&, const HeadShape&,
                     const at::Tensor& targets_N);
  // Of each row -log softmax(W norm(x))[target], and 1 where the target is the likeliest token (the
  // first of equals), else 0: (N, 2) fp64, without a graph.
  at::Tensor (*score)(const at::Tensor& x_ND, const HeadWeights&, const HeadShape&,
                      const at::Tensor& targets_N);
};

const Blocks& plain_blocks();
const Blocks& fused_cpu_blocks();  // CPU; fp32 values, compute type fp32 or bf16
// Fused blocks where they exist (CPU, fp32 values) and are wanted, else the plain ones.
const Blocks& blocks_for(const at::Device& device, at::ScalarType values, bool fused);

}  // namespace repro::model
