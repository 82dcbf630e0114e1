// Included once per instruction set, inside its target region and namespace (see avx512.cpp): short
// vectors of REPRO_LANES floats through the compiler's vector extension. No standard library in
// here: an inline function of it compiled for a newer processor could be linked into older code.

using F = float __attribute__((vector_size(4 * REPRO_LANES)));
using U = uint32_t __attribute__((vector_size(4 * REPRO_LANES)));
using I = int32_t __attribute__((vector_size(4 * REPRO_LANES)));
using H = uint16_t __attribute__((vector_size(2 * REPRO_LANES)));

constexpr int64_t kLanes = REPRO_LANES;

#define REPRO_INLINE [[gnu::always_inline]] inline

REPRO_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
REPRO_INLINE int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

REPRO_INLINE F load(const float* p) {
  F v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
REPRO_INLINE void store(float* p, F v) { __builtin_memcpy(p, &v, sizeof v); }

REPRO_INLINE U widen(H h) { return __builtin_convertvector(h, U) << 16; }
// To nearest, ties to even; in the upper half of each lane.
REPRO_INLINE U round_to_bf16(F v) {
  const U u = reinterpret_cast<U>(v);
  return u + 0x7fff + ((u >> 16) & 1);
}

REPRO_INLINE F load(const Bf16* p) {
  H h;
  __builtin_memcpy(&h, p, sizeof h);
  const U u = widen(h);
  return reinterpret_cast<F>(u);
}
REPRO_INLINE void store(Bf16* p, F v) {
#ifdef REPRO_AVX512_BF16
  const __m256bh h = _mm512_cvtneps_pbh(v);
#else
  const H h = __builtin_convertvector(round_to_bf16(v) >> 16, H);
#endif
  __builtin_memcpy(p, &h, sizeof h);
}
REPRO_INLINE float to_float(const float* p) { return *p; }
REPRO_INLINE float to_float(const Bf16* p) {
  const uint32_t bits = static_cast<uint32_t>(p->bits) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

// 0, 1, 2, ...
REPRO_INLINE I lane_numbers() {
  I v;
  for (int64_t i = 0; i < kLanes; ++i) v[i] = static_cast<int32_t>(i);
  return v;
}

// The last `count` < kLanes elements of a row; absent lanes are 0.
#ifdef REPRO_AVX512_BF16
REPRO_INLINE __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>((1U << count) - 1);
}
REPRO_INLINE F load_part(const float* p, int64_t count) {
  return _mm512_maskz_loadu_ps(first_lanes(count), p);
}
REPRO_INLINE F load_part(const Bf16* p, int64_t count) {
  const U u = widen(reinterpret_cast<H>(_mm256_maskz_loadu_epi16(first_lanes(count), p)));
  return reinterpret_cast<F>(u);
}
REPRO_INLINE void store_part(float* p, F v, int64_t count) {
  _mm512_mask_storeu_ps(p, first_lanes(count), v);
}
REPRO_INLINE void store_part(Bf16* p, F v, int64_t count) {
  const __m256bh h = _mm512_cvtneps_pbh(v);
  _mm256_mask_storeu_epi16(p, first_lanes(count), reinterpret_cast<__m256i>(h));
}
#else
template <typename C>
REPRO_INLINE F load_part(const C* p, int64_t count) {
  C lanes[kLanes] = {};
  __builtin_memcpy(lanes, p, static_cast<uint64_t>(count) * sizeof(C));
  return load(lanes);
}
template <typename C>
REPRO_INLINE void store_part(C* p, F v, int64_t count) {
  C lanes[kLanes];
  store(lanes, v);
  __builtin_memcpy(p, lanes, static_cast<uint64_t>(count) * sizeof(C));
}
#endif

template <typename C>
REPRO_INLINE F load_at(const C* p, int64_t i, int64_t count) {
  return i + kLanes <= count ? load(p + i) : load_part(p + i, count - i);
}
template <typename C>
REPRO_INLINE void store_at(C* p, F v, int64_t i, int64_t count) {
  if (i + kLanes <= count)
    store(p + i, v);
  else
    store_part(p + i, v, count - i);
}

REPRO_INLINE F all(float x) { return F{} + x; }
// b where one of them is not a number.
REPRO_INLINE F larger(F a, F b) {
#ifdef REPRO_AVX512_BF16
  return _mm512_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}
REPRO_INLINE F smaller(F a, F b) {
#ifdef REPRO_AVX512_BF16
  return _mm512_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}
// v * 2^n for whole n in [-126, 127].
REPRO_INLINE F scaled(F v, F n) {
#ifdef REPRO_AVX512_BF16
  return _mm512_scalef_ps(v, n);
#else
  const I exponent = (__builtin_convertvector(n, I) + 127) << 23;
  return v * reinterpret_cast<F>(exponent);
#endif
}

// Of all lanes, by halves.
REPRO_INLINE float sum(F v) {
#pragma GCC unroll 4
  for (int32_t half = kLanes / 2; half > 0; half /= 2)
    v += __builtin_shuffle(v, lane_numbers() ^ half);
  return v[0];
}
REPRO_INLINE float maximum(F v) {
#pragma GCC unroll 4
  for (int32_t half = kLanes / 2; half > 0; half /= 2)
    v = larger(__builtin_shuffle(v, lane_numbers() ^ half), v);
  return v[0];
}

// e^x to about 1 ulp for x in [-87, 88]; below, 1e-38. Cody and Waite's reduction, then
// the Cephes polynomial.
REPRO_INLINE F exponential(F x) {
  x = smaller(all(88.0F), larger(all(-87.0F), x));
  const F shifted = x * 1.44269504F + 12582912.0F;  // 1.5 * 2^23: rounds to an integer
  const F n = shifted - 12582912.0F;
  F r = x - n * 0.693359375F;
  r = r + n * 2.12194440e-4F;
  F p = all(1.9875691500e-4F);
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  return scaled(p, n);
}

REPRO_INLINE F sigmoid(F x) { return 1.0F / (1.0F + exponential(-x)); }
