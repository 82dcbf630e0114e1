// Included once per instruction set after linear.hpp: causal softmax attention, a strip of query
// rows at a time against all keys before its end, so that the softmax is exact in one pass.
//
// D head width, T tokens of a sequence; both are padded with zeros to the products' multiples.
#include "model/kernels/cpu/linear.hpp"

constexpr int64_t kStrip = 32;  // query rows at a time

struct Bump {
  float* next;
  template <typename T = float>
  T* take(int64_t count) {
    float* taken = next;
    next += round_up(count, 16);
    return reinterpret_cast<T*>(taken);
  }
};

// Where things are in a row of qkv and how far they are padded.
struct AttentionPlan {
  explicit AttentionPlan(const AttentionSizes& s)
      : sizes(s),
        group(s.heads / s.kv_heads),
        row((s.heads + 2 * s.kv_heads) * s.head_width),
        out_row(s.heads * s.head_width),
        padded_tokens(round_up(s.tokens, 32)),
        padded_width(round_up(s.head_width, kColumns)),
        strip(smaller(kStrip, padded_tokens)),
        scale(1.0F / __builtin_sqrtf(static_cast<float>(s.head_width))) {}

  int64_t query(int64_t head) const { return head * sizes.head_width; }
  int64_t key(int64_t kv) const { return (sizes.heads + kv) * sizes.head_width; }
  int64_t value(int64_t kv) const { return (sizes.heads + sizes.kv_heads + kv) * sizes.head_width; }

  AttentionSizes sizes;
  int64_t group, row, out_row, padded_tokens, padded_width, strip;
  float scale;
};

template <typename P>
struct AttentionBuffers {
  using E = typename P::Element;
  AttentionBuffers(const AttentionPlan& p, float* scratch) : bump{scratch} {
    const int64_t matrix = p.padded_tokens * p.padded_width;
    const int64_t strip = p.strip * p.padded_tokens;
    query_rows = bump.take<E>(matrix);
    dout_rows = bump.take<E>(matrix);
    query_depth = bump.take<E>(matrix);
    dout_depth = bump.take<E>(matrix);
    key_turned = bump.take<E>(matrix);
    key_depth = bump.take<E>(matrix);
    value_turned = bump.take<E>(matrix);
    value_depth = bump.take<E>(matrix);
    dkey = bump.take(matrix);
    dvalue = bump.take(matrix);
    scores = bump.take(strip);
    dscores = bump.take(strip);
    packed_rows = bump.take<E>(strip);
    packed_pairs = bump.take<E>(strip);
    out = bump.take(p.strip * p.padded_width);
    floats = bump.next - scratch;
  }
  Bump bump;
  E *query_rows, *dout_rows, *query_depth, *dout_depth;
  E *key_turned, *key_depth, *value_turned, *value_depth;
  float *dkey, *dvalue, *scores, *dscores;
  E *packed_rows, *packed_pairs;
  float* out;
  int64_t floats;
};

// softmax(scale * scores[0, count)) in place, zeros from there to `end`; returns log(sum(exp)).
REPRO_INLINE float softmax_row(float* scores, int64_t count, int64_t end, float scale) {
  const I lane = lane_numbers();
  F highest = all(-__builtin_inff());
  for (int64_t j = 0; j < count; j += kLanes) {
    const F v = lane + static_cast<int32_t>(j) < static_cast<int32_t>(count)
                    ? load(scores + j) * scale
                    : all(-__builtin_inff());
    highest = larger(v, highest);
  }
  const float top = maximum(highest);
  F sums = {};
  for (int64_t j = 0; j < count; j += kLanes) {
    F e = exponential(load(scores + j) * scale - top);
    e = lane + static_cast<int32_t>(j) < static_cast<int32_t>(count) ? e : F{};
    sums += e;
    store(scores + j, e);
  }
  const float total = sum(sums), inverse = 1.0F / total;
  for (int64_t j = 0; j < count; j += kLanes) store(scores + j, load(scores + j) * inverse);
  for (int64_t j = round_up(count, kLanes); j < end; j += kLanes) store(scores + j, F{});
  return top + __builtin_logf(total);
}

template <typename C>
void store_rows(int64_t rows, int64_t width, const float* in, int64_t in_row, C* out,
                int64_t out_row) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < width; i += kLanes)
      store_at(out + r * out_row, load_at(in + r * in_row, i, width), i, width);
}

REPRO_INLINE void clear(float* p, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store(p + i, F{});
}

// The queries from `asked` on. Strips end where they would if all were asked, so that a row's sums
// are the same; out and log_sum begin with the first row that is asked.
template <typename P>
void attend(const AttentionPlan& p, AttentionBuffers<P>& b, int64_t asked,
            const typename P::Source* query, typename P::Source* out, float* log_sum) {
  static_assert(kStrip % kRows == 0);
  const AttentionSizes& s = p.sizes;
  const int64_t depth = s.head_width / P::kPair, tp = p.padded_tokens, dp = p.padded_width;
  const int64_t begin = asked / kRows * kRows;  // whole tiles of rows
  P::pack_rows(s.tokens - begin, s.head_width, query + begin * p.row, p.row,
               b.query_rows + begin * depth, depth);
  for (int64_t first = begin, end = 0; first < s.tokens; first = end) {
    end = smaller((first / p.strip + 1) * p.strip, tp);
    const int64_t rows = end - first;
    product<P>(rows, end, depth, b.query_rows + first * depth, depth, 1, b.key_turned, tp, b.scores,
               tp, false);
    const int64_t real = smaller(rows, s.tokens - first),
                  skipped = first < asked ? asked - first : 0;
    for (int64_t r = skipped; r < real; ++r)
      log_sum[first + r - asked] = softmax_row(b.scores + r * tp, first + r + 1, end, p.scale);
    clear(b.scores, skipped * tp);
    clear(b.scores + real * tp, (rows - real) * tp);
    const auto* weights = P::rows_of(rows, end, b.scores, tp, b.packed_rows);
    product<P>(rows, dp, end / P::kPair, weights, tp / P::kPair, 1, b.value_depth, dp, b.out, dp,
               false);
    store_rows(real - skipped, s.head_width, b.out + skipped * dp, dp,
               out + (first + skipped - asked) * p.out_row, p.out_row);
  }
}

template <typename P>
void attention(const AttentionSizes& s, int64_t asked, const typename P::Source* qkv,
               typename P::Source* out, float* log_sum, float* scratch) {
  const AttentionPlan p(s);
  AttentionBuffers<P> b(p, scratch);
  const int64_t answers = s.tokens - asked;
  for (int64_t batch = 0; batch < s.batch; ++batch) {
    const auto* rows = qkv + batch * s.tokens * p.row;
    for (int64_t head = 0; head < s.heads; ++head) {
      const int64_t kv = head / p.group;
      if (head % p.group == 0) {
        P::pack_turned(s.tokens, s.head_width, rows + p.key(kv), p.row, b.key_turned,
                       p.padded_tokens);
        P::pack_depth(s.tokens, s.head_width, rows + p.value(kv), p.row, b.value_depth,
                      p.padded_width);
      }
      attend<P>(p, b, asked, rows + p.query(head),
                out + batch * answers * p.out_row + p.query(head),
                log_sum + (batch * s.heads + head) * answers);
    }
  }
}

// One row: scores become p = exp(scale * scores - log_sum), dscores become
// scale * p * (dscores - delta); zero from `count` to `end`.
REPRO_INLINE void softmax_row_backward(float* scores, float* dscores, int64_t count, int64_t end,
                                       float scale, float log_sum, float delta) {
  const I lane = lane_numbers();
  for (int64_t j = 0; j < count; j += kLanes) {
    F e = exponential(load(scores + j) * scale - log_sum);
    e = lane + static_cast<int32_t>(j) < static_cast<int32_t>(count) ? e : F{};
    store(scores + j, e);
    store(dscores + j, e * (load(dscores + j) - delta) * scale);
  }
  for (int64_t j = round_up(count, kLanes); j < end; j += kLanes) {
    store(scores + j, F{});
    store(dscores + j, F{});
  }
}

template <typename C>
REPRO_INLINE float dot(const C* a, const C* b, int64_t count) {
  F sums = {};
  for (int64_t i = 0; i < count; i += kLanes) sums += load_at(a, i, count) * load_at(b, i, count);
  return sum(sums);
}

// One head; adds to b.dkey and b.dvalue, writes its columns of dqkv.
template <typename P>
void attend_backward(const AttentionPlan& p, AttentionBuffers<P>& b,
                     const typename P::Source* query, const typename P::Source* out,
                     const float* log_sum, const typename P::Source* dout,
                     typename P::Source* dquery) {
  const AttentionSizes& s = p.sizes;
  const int64_t depth = s.head_width / P::kPair, tp = p.padded_tokens, dp = p.padded_width;
  P::pack_rows(s.tokens, s.head_width, query, p.row, b.query_rows, depth);
  P::pack_rows(s.tokens, s.head_width, dout, p.out_row, b.dout_rows, depth);
  P::pack_depth(s.tokens, s.head_width, query, p.row, b.query_depth, dp);
  P::pack_depth(s.tokens, s.head_width, dout, p.out_row, b.dout_depth, dp);
  for (int64_t first = 0; first < s.tokens; first += p.strip) {
    const int64_t rows = smaller(p.strip, tp - first), end = first + rows;
    product<P>(rows, end, depth, b.query_rows + first * depth, depth, 1, b.key_turned, tp, b.scores,
               tp, false);
    product<P>(rows, end, depth, b.dout_rows + first * depth, depth, 1, b.value_turned, tp,
               b.dscores, tp, false);
    const int64_t real = smaller(rows, s.tokens - first);
    for (int64_t r = 0; r < real; ++r) {
      const int64_t at = (first + r) * p.out_row;
      softmax_row_backward(b.scores + r * tp, b.dscores + r * tp, first + r + 1, end, p.scale,
                           log_sum[first + r], dot(out + at, dout + at, s.head_width));
    }
    clear(b.scores + real * tp, (rows - real) * tp);
    clear(b.dscores + real * tp, (rows - real) * tp);
    const int64_t strip_depth = rows / P::kPair, from = first / P::kPair * dp;
    const auto* pairs = P::pairs_of(rows, end, b.scores, tp, b.packed_pairs);
    product<P>(end, dp, strip_depth, pairs, 1, tp, b.dout_depth + from, dp, b.dvalue, dp, true);
    pairs = P::pairs_of(rows, end, b.dscores, tp, b.packed_pairs);
    product<P>(end, dp, strip_depth, pairs, 1, tp, b.query_depth + from, dp, b.dkey, dp, true);
    const auto* weights = P::rows_of(rows, end, b.dscores, tp, b.packed_rows);
    product<P>(rows, dp, end / P::kPair, weights, tp / P::kPair, 1, b.key_depth, dp, b.out, dp,
               false);
    store_rows(real, s.head_width, b.out, dp, dquery + first * p.row, p.row);
  }
}

template <typename P>
void attention_backward(const AttentionSizes& s, const typename P::Source* qkv,
                        const typename P::Source* out, const float* log_sum,
                        const typename P::Source* dout, typename P::Source* dqkv, float* scratch) {
  const AttentionPlan p(s);
  AttentionBuffers<P> b(p, scratch);
  for (int64_t batch = 0; batch < s.batch; ++batch) {
    const int64_t first = batch * s.tokens;
    const auto* rows = qkv + first * p.row;
    auto* drows = dqkv + first * p.row;
    for (int64_t kv = 0; kv < s.kv_heads; ++kv) {
      const auto *key = rows + p.key(kv), *value = rows + p.value(kv);
      P::pack_turned(s.tokens, s.head_width, key, p.row, b.key_turned, p.padded_tokens);
      P::pack_depth(s.tokens, s.head_width, key, p.row, b.key_depth, p.padded_width);
      P::pack_turned(s.tokens, s.head_width, value, p.row, b.value_turned, p.padded_tokens);
      clear(b.dkey, p.padded_tokens * p.padded_width);
      clear(b.dvalue, p.padded_tokens * p.padded_width);
      for (int64_t head = kv * p.group; head < (kv + 1) * p.group; ++head)
        attend_backward<P>(p, b, rows + p.query(head), out + first * p.out_row + p.query(head),
                           log_sum + (batch * s.heads + head) * s.tokens,
                           dout + first * p.out_row + p.query(head), drows + p.query(head));
      store_rows(s.tokens, s.head_width, b.dkey, p.padded_width, drows + p.key(kv), p.row);
      store_rows(s.tokens, s.head_width, b.dvalue, p.padded_width, drows + p.value(kv), p.row);
    }
  }
}

template <typename P>
int64_t attention_scratch(const AttentionSizes& s) {
  return AttentionBuffers<P>(AttentionPlan(s), nullptr).floats;
}
