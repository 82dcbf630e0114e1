// Every fused block against its plain twin: outputs and all gradients, from the same weights, with
// every instruction set that this machine has.
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>

#include "block_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>

#include "base/error.hpp"
#include "model/kernels/fused_linear.hpp"
#include "model/kernels/plain.hpp"

namespace repro::model {
namespace {

// The kernels of one instruction set as long as it lives.
class WithIsa {
 public:
  explicit WithIsa(cpu::Isa isa) { cpu::use_isa(isa); }
  ~WithIsa() { cpu::use_isa(before_); }
  WithIsa(const WithIsa&) = delete;
  WithIsa& operator=(const WithIsa&) = delete;

 private:
  cpu::Isa before_ = cpu::isa();
};

// Runs the rest of a test case once for each instruction set of this machine.
#define WITH_EVERY_ISA()                                                              \
  const cpu::Isa isa = GENERATE(cpu::Isa::generic, cpu::Isa::avx2, cpu::Isa::avx512); \
  if (!cpu::supports(isa)) return;                                                    \
  const WithIsa with_isa(isa);                                                        \
  INFO("instruction set " << static_cast<int>(isa))

// Relative to the norm.
double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).norm().item<double>() / (b.norm().item<double>() + 1e-30);
}

// What a block computed: its outputs, then the gradients of x and of all weights.
using Results = std::vector<at::Tensor>;

Results gradients(const at::Tensor& loss, const at::Tensor& x, Draw& draw) {
  loss.backward();
  Results results{x.grad()};
  for (const Weight& w : draw.weights) results.push_back(w.gradient.clone());
  return results;
}

// In fp32 only the order of sums differs. In bf16 both round at places of their own, so the fused
// block must be as close to the fp32 result as its twin is.
void check_same(const std::map<std::string, Results>& by_path, at::ScalarType compute) {
  const Results &plain = by_path.at("plain"), &fused = by_path.at("fused");
  const Results& exact = by_path.at("exact");
  REQUIRE(plain.size() == fused.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    INFO("result " << i);
    if (compute == at::kFloat) {
      CHECK(difference(fused[i], plain[i]) < 1e-5);
    } else {
      CHECK(difference(fused[i], exact[i]) < 1.3 * difference(plain[i], exact[i]) + 2e-3);
      CHECK(difference(fused[i], exact[i]) < 3e-2);
    }
  }
}

struct Path {
  const char* name;
  const Blocks& blocks;
  at::ScalarType compute;
};
std::vector<Path> paths(at::ScalarType compute) {
  return {{"exact", plain_blocks(), at::kFloat},
          {"plain", plain_blocks(), compute},
          {"fused", fused_cpu_blocks(), compute}};
}

void set_compute(Weight& w, at::ScalarType compute) {
  if (w.defined()) w.compute = w.leaf.detach().to(compute);
}

struct AttentionCase {
  int64_t batch, tokens, heads, kv_heads, head_width;
};

TEST_CASE("fused attention equals the plain one", "[model]") {
  WITH_EVERY_ISA();
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    for (const AttentionCase& c : std::vector<AttentionCase>{
             {2, 5, 2, 2, 4}, {1, 96, 4, 2, 16}, {2, 128, 2, 2, 64}, {1, 130, 3, 1, 40}}) {
      INFO(at::toString(compute) << " T " << c.tokens << " D " << c.head_width);
      std::map<std::string, Results> results;
      for (const Path& path : paths(compute)) {
        Sizes s;
        s.batch = c.batch;
        s.tokens = c.tokens;
        s.heads = c.heads;
        s.kv_heads = c.kv_heads;
        s.head_width = c.head_width;
        s.width = 24;
        s.qkv_bias = c.heads != 3;
        Draw draw(21, at::kFloat);
        AttentionWeights w = attention_weights(draw, s);
        for (Weight* each : {&w.norm, &w.qkv, &w.qkv_bias, &w.output})
          set_compute(*each, path.compute);
        const int64_t rows = c.batch * c.tokens;
        const at::Tensor projection = draw.tensor({rows, s.width});
        const at::Tensor x = draw.tensor({rows, s.width}).requires_grad_();
        const at::Tensor y = path.blocks.attention(x, w, attention_shape(s, path.compute)).x_ND;
        Results& out = results[path.name];
        out = gradients((y * projection).sum(), x, draw);
        out.push_back(y.detach());
      }
      check_same(results, compute);
    }
  }
}

struct MoeCase {
  const char* name;
  config::RouterConfig router;
  int64_t experts, top_k, shared_width;
  bool noise;
};

// In bf16 an expert that stands at a threshold may fall on its other side: these thresholds have
// none.
TEST_CASE("fused experts equal the plain ones", "[model]") {
  WITH_EVERY_ISA();
  const std::vector<MoeCase> cases = {
      {"one expert", kNoRouter, 1, 1, 40, false},
      {"one expert alone", kNoRouter, 1, 1, 0, false},
      {"softmax, all active", kSoftmax, 4, 4, 40, false},
      {"softmax, two active", kSoftmax, 4, 2, 40, false},
      {"softmax, one active", kSoftmax, 8, 1, 40, false},
      {"sigmoid, normalised", normalised(kSigmoid), 4, 2, 40, false},
      {"all selected", selecting(config::Select::all), 4, 4, 0, false},
      {"by threshold", selecting(config::Select::threshold, 0.4), 4, 4, 40, false},
      {"by a threshold that keeps few", selecting(config::Select::threshold, 2.5), 4, 4, 0, false},
      {"by a threshold's mean count", selecting(config::Select::threshold_top_k, 0.7), 4, 4, 0,
       false},
      {"noisy, all active", kNoisy, 4, 4, 0, true},
      {"noisy, two active", kNoisy, 4, 2, 0, true},
      {"quiet, two active", kNoisy, 4, 2, 0, false}};
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    for (const MoeCase& c : cases) {
      INFO(at::toString(compute) << " " << c.name);
      std::map<std::string, Results> results;
      for (const Path& path : paths(compute)) {
        Sizes s;
        s.width = 24;
        s.router = c.router;
        s.experts = c.experts;
        s.top_k = c.top_k;
        s.expert_width = 20;
        s.shared_width = c.shared_width;
        Draw draw(22, at::kFloat);
        MoeWeights w = moe_weights(draw, s);
        for (Weight* each : {&w.norm, &w.router, &w.router_out, &w.router_noise, &w.gate_up,
                             &w.down, &w.shared_gate_up, &w.shared_down, &w.shared_gate})
          set_compute(*each, path.compute);
        const at::Tensor along_E = draw.tensor({c.experts}), across_E = draw.tensor({c.experts});
        const at::Tensor projection = draw.tensor({50, 24});
        const at::Tensor noise = c.noise ? draw.tensor({50, c.experts}) : at::Tensor();
        const at::Tensor x = draw.tensor({50, 24}).requires_grad_();
        const MoeOutput y = path.blocks.moe(x, w, moe_shape(s, path.compute), noise);
        at::Tensor loss = (y.x_ND * projection).sum();
        if (y.gates_NE.defined())
          loss = loss + (y.gates_NE * along_E).sum() + (y.load_E * across_E).sum();
        Results& out = results[path.name];
        out = gradients(loss, x, draw);
        out.push_back(y.x_ND.detach());
        if (y.gates_NE.defined()) {
          out.push_back(y.gates_NE.detach());
          out.push_back(y.load_E.detach());
          out.push_back(y.counts_E.to(at::kFloat));
        }
      }
      check_same(results, compute);
    }
  }
}

TEST_CASE("the fused head equals the plain one", "[model]") {
  WITH_EVERY_ISA();
  for (const at::ScalarType compute : {at::kFloat, at::kBFloat16}) {
    for (const int64_t vocabulary : {11, 64, 100}) {
      INFO(at::toString(compute) << " V " << vocabulary);
      std::map<std::string, Results> results;
      for (const Path& path : paths(compute)) {
        Draw draw(23, at::kFloat);
        HeadWeights w;
        w.norm = draw.norm(24);
        w.output = draw.weight({vocabulary, 24});
        set_compute(w.norm, path.compute);
        set_compute(w.output, path.compute);
        const HeadShape shape{.epsilon = 1e-6, .compute = path.compute, .chunk = 16};
        const at::Tensor targets = at::randint(vocabulary, {50}, at::kLong);
        const at::Tensor x = draw.tensor({50, 24}).requires_grad_();
        const at::Tensor loss = path.blocks.head(x, w, shape, targets);
        Results& out = results[path.name];
        out = gradients(loss * 0.02, x, draw);
        out.push_back(loss.detach());
      }
      check_same(results, compute);
    }
  }
}

// Sizes on both sides of what the kernels take at a time: rows 256, depth 512, columns 256; odd
// depths leave half a pair of bf16.
struct LinearCase {
  int64_t rows, out, in;
};

template <typename C>
void check_linear(const LinearCase& c) {
  INFO(c.rows << " x " << c.out << " x " << c.in << " of " << sizeof(C) << " bytes");
  const Draw draw(24, at::kFloat);
  const auto matrix = [&](int64_t rows, int64_t columns) {
    return draw.tensor({rows, columns}).to(kTypeOf<C>);
  };
  const at::Tensor x = matrix(c.rows, c.in), dy = matrix(c.rows, c.out), w = matrix(c.out, c.in);
  const at::Tensor y = at::empty_like(dy), dx = at::empty_like(x);
  const at::Tensor gradient = at::ones({c.out, c.in}, at::kFloat);
  PackedWeight<C>(w, Direction::forward).multiply(c.rows, data<C>(x), data<C>(y));
  PackedWeight<C>(w, Direction::backward).multiply(c.rows, data<C>(dy), data<C>(dx));
  add_weight_gradient<C>(gradient, dy, x);
  const auto exact = [](const at::Tensor& t) { return t.to(at::kDouble); };
  // One rounding of each result to bf16 has a relative error of 2^-9; fp32 loses less in its sums.
  const double tolerance = sizeof(C) == 2 ? 3e-3 : 1e-6;
  CHECK(difference(exact(y), exact(x).mm(exact(w).t())) < tolerance);
  CHECK(difference(exact(dx), exact(dy).mm(exact(w))) < tolerance);
  CHECK(difference(exact(gradient) - 1, exact(dy).t().mm(exact(x))) < 2e-6);
}

TEST_CASE("the products of a linear layer are LibTorch's at every size", "[model]") {
  WITH_EVERY_ISA();
  for (const LinearCase& c : std::vector<LinearCase>{
           {1, 1, 1}, {7, 33, 5}, {37, 45, 29}, {300, 64, 96}, {130, 700, 531}, {600, 40, 1100}}) {
    check_linear<float>(c);
    check_linear<Bf16>(c);
  }
}

TEST_CASE("the fused blocks' sums do not depend on the number of threads", "[model]") {
  const auto run = [](int threads) {
    at::set_num_threads(threads);
    Sizes s;
    s.batch = 7;
    s.tokens = 40;
    s.width = 72;
    Draw draw(26, at::kFloat);
    const AttentionWeights attention = attention_weights(draw, s);
    const HeadWeights head{draw.norm(s.width), draw.weight({100, s.width})};
    const at::Tensor targets = at::randint(100, {s.batch * s.tokens}, at::kLong);
    const at::Tensor x = draw.tensor({s.batch * s.tokens, s.width}).requires_grad_();
    const at::Tensor y = fused_attention(x, attention, attention_shape(s, at::kFloat)).x_ND;
    const at::Tensor loss = fused_head(y, head, {.epsilon = 1e-6}, targets);
    Results results = gradients(loss, x, draw);
    results.push_back(loss.detach());
    return results;
  };
  const int before = at::get_num_threads();
  const Results one = run(1), three = run(3);
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) CHECK(one[i].equal(three[i]));
}

TEST_CASE("a token outside the vocabulary is an error", "[model]") {
  Draw draw(25, at::kFloat);
  const Weight table = draw.weight({11, 24});
  const HeadWeights head{draw.norm(24), draw.weight({11, 24})};
  const at::Tensor x = draw.tensor({3, 24}).requires_grad_();
  for (const int64_t wrong : {-1, 11, 1 << 20}) {
    const at::Tensor ids = at::tensor({int64_t{0}, wrong, int64_t{10}});
    CHECK_THROWS_AS(fused_embed(ids, table), Error);
    CHECK_THROWS_AS(fused_head(x, head, {.epsilon = 1e-6}, ids), Error);
  }
  CHECK_NOTHROW(fused_embed(at::tensor({int64_t{0}, int64_t{10}}), table));
}

}  // namespace
}  // namespace repro::model
