// Included once per instruction set after lanes.hpp: loops over rows. See kernels.hpp for
// contracts.
#include "model/kernels/cpu/lanes.hpp"

template <typename C>
void rms_norm(int64_t rows, int64_t width, const float* x, const float* weight, float epsilon,
              C* out, float* inverse_rms) {
  for (int64_t row = 0; row < rows; ++row, x += width, out += width) {
    F squares = {};
    for (int64_t i = 0; i < width; i += kLanes) {
      const F v = load_at(x, i, width);
      squares += v * v;
    }
    const float inverse =
        1.0F / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + epsilon);
    inverse_rms[row] = inverse;
    for (int64_t i = 0; i < width; i += kLanes)
      store_at(out, load_at(weight, i, width) * (load_at(x, i, width) * inverse), i, width);
  }
}

// With u = x * inverse, d the whole incoming gradient and g = weight * d:
// dweight = sum of d * u, dx = inverse * (g - u * mean(g * u)). dx holds d in between.
template <typename C>
void rms_norm_backward(int64_t rows, int64_t width, const float* x, const float* weight,
                       const float* inverse_rms, const C* dout, const C* dout2, const float* dwide,
                       const float* residual, float scale, float* dx, float* dweight) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t at = row * width;
    const float inverse = inverse_rms[row];
    F dots = {};
    for (int64_t i = 0; i < width; i += kLanes) {
      const F unit = load_at(x + at, i, width) * inverse;
      F d = load_at(dout + at, i, width);
      if (dout2) d += load_at(dout2 + at, i, width);
      if (dwide) d += load_at(dwide + at, i, width);
      d *= scale;
      store_at(dx + at, d, i, width);
      dots += d * load_at(weight, i, width) * unit;
      store_at(dweight, load_at(dweight, i, width) + d * unit, i, width);
    }
    const float mean = sum(dots) / static_cast<float>(width);
    for (int64_t i = 0; i < width; i += kLanes) {
      const F unit = load_at(x + at, i, width) * inverse;
      const F g = load_at(weight, i, width) * load_at(dx + at, i, width);
      F result = inverse * (g - unit * mean);
      if (residual) result += load_at(residual + at, i, width);
      store_at(dx + at, result, i, width);
    }
  }
}

template <typename C>
void add_residual(int64_t count, const float* x, const C* a, const C* b, float* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    F v = load_at(x, i, count) + load_at(a, i, count);
    if (b) v += load_at(b, i, count);
    store_at(out, v, i, count);
  }
}

template <typename C>
void cast(int64_t count, const float* in, C* out) {
  for (int64_t i = 0; i < count; i += kLanes) store_at(out, load_at(in, i, count), i, count);
}

template <typename C>
void accumulate(int64_t count, const C* in, float scale, float* total) {
  for (int64_t i = 0; i < count; i += kLanes)
    store_at(total, load_at(total, i, count) + scale * load_at(in, i, count), i, count);
}

template <typename C>
void gather_sums(int64_t rows, int64_t terms, int64_t width, const int64_t* position, const C* in,
                 C* out) {
  for (int64_t row = 0; row < rows; ++row, position += terms, out += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      F total = {};
      for (int64_t j = 0; j < terms; ++j) total += load_at(in + position[j] * width, i, width);
      store_at(out, total, i, width);
    }
}

template <typename C>
void column_sums(int64_t rows, int64_t columns, const C* in, float* total) {
  for (int64_t row = 0; row < rows; ++row, in += columns) accumulate(columns, in, 1.0F, total);
}

// One head of one token: (a, b) -> (a cos - b sin, b cos + a sin), halves a and b; `sign` -1 turns
// back.
template <typename C>
REPRO_INLINE void turn(int64_t half, const float* cos, const float* sin, float sign,
                       const float* bias, C* head) {
  for (int64_t i = 0; i < half; i += kLanes) {
    F a = load_at(head, i, half), b = load_at(head + half, i, half);
    if (bias) {
      a += load_at(bias, i, half);
      b += load_at(bias + half, i, half);
    }
    const F c = load_at(cos, i, half), s = load_at(sin, i, half) * sign;
    store_at(head, a * c - b * s, i, half);
    store_at(head + half, b * c + a * s, i, half);
  }
}

template <typename C>
void rotate(const AttentionSizes& s, const float* bias, const float* cos, const float* sin,
            C* qkv) {
  const int64_t half = s.head_width / 2;
  for (int64_t row = 0; row < s.batch * s.tokens; ++row) {
    const int64_t at = row % s.tokens * half;
    for (int64_t head = 0; head < s.heads + s.kv_heads; ++head, qkv += s.head_width)
      turn(half, cos + at, sin + at, 1.0F, bias ? bias + head * s.head_width : nullptr, qkv);
    const int64_t values = s.kv_heads * s.head_width;
    const int64_t first = (s.heads + s.kv_heads) * s.head_width;
    if (bias)
      for (int64_t i = 0; i < values; i += kLanes)
        store_at(qkv, load_at(qkv, i, values) + load_at(bias + first, i, values), i, values);
    qkv += values;
  }
}

template <typename C>
void rotate_backward(const AttentionSizes& s, const float* cos, const float* sin, C* dqkv) {
  const int64_t half = s.head_width / 2;
  for (int64_t row = 0; row < s.batch * s.tokens; ++row) {
    const int64_t at = row % s.tokens * half;
    for (int64_t head = 0; head < s.heads + s.kv_heads; ++head, dqkv += s.head_width)
      turn<C>(half, cos + at, sin + at, -1.0F, nullptr, dqkv);
    dqkv += s.kv_heads * s.head_width;
  }
}

template <typename C>
void swiglu(int64_t blocks, int64_t width, const C* gate_up, const float* score, C* hidden) {
  for (int64_t block = 0; block < blocks; ++block, gate_up += 2 * width, hidden += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const F gate = load_at(gate_up, i, width), up = load_at(gate_up + width, i, width);
      store_at(hidden, gate * sigmoid(gate) * up * score[block], i, width);
    }
}

template <typename C>
void swiglu_backward(int64_t blocks, int64_t width, const C* dhidden, const float* score,
                     C* gate_up, float* dscore) {
  for (int64_t block = 0; block < blocks; ++block, gate_up += 2 * width, dhidden += width) {
    F dots = {};
    for (int64_t i = 0; i < width; i += kLanes) {
      const F gate = load_at(gate_up, i, width), up = load_at(gate_up + width, i, width);
      const F d = load_at(dhidden, i, width);
      const F s = sigmoid(gate), silu = gate * s;
      dots += d * silu * up;
      const F dh = d * score[block];
      store_at(gate_up, dh * up * (s + silu * (1.0F - s)), i, width);
      store_at(gate_up + width, dh * silu, i, width);
    }
    dscore[block] = sum(dots);
  }
}

template <typename C>
double cross_entropy(int64_t rows, int64_t width, const int64_t* targets, bool gradient, C* logits,
                     float* row) {
  double loss = 0;
  const int64_t whole = width / kLanes * kLanes;
  for (int64_t r = 0; r < rows; ++r, logits += width) {
    F highest = all(-__builtin_inff());
    for (int64_t i = 0; i < whole; i += kLanes) highest = larger(load(logits + i), highest);
    float top = maximum(highest);
    for (int64_t i = whole; i < width; ++i) {
      const float v = load_part(logits + i, 1)[0];
      top = v > top ? v : top;
    }
    F sums = {};
    for (int64_t i = 0; i < whole; i += kLanes) {
      const F e = exponential(load(logits + i) - top);
      sums += e;
      store(row + i, e);
    }
    float total = sum(sums);
    for (int64_t i = whole; i < width; ++i) {
      row[i] = exponential(load_part(logits + i, 1) - top)[0];
      total += row[i];
    }
    const float target = load_part(logits + targets[r], 1)[0];
    loss += __builtin_log(static_cast<double>(total)) - (target - top);
    if (!gradient) continue;
    row[targets[r]] -= total;
    const float inverse = 1.0F / total;
    for (int64_t i = 0; i < width; i += kLanes)
      store_at(logits, load_at(row, i, width) * inverse, i, width);
  }
  return loss;
}
