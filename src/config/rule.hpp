#pragma once
// What a value in a file must satisfy beyond its type, wherever it is read. A number has no default
// range: whoever describes one says which values make sense.

#include <string>
#include <vector>

namespace repro::config {

struct Rule {
  bool required = false;
  std::vector<std::string> allowed = {};  // of a string
  bool word = false;                      // a string that is part of names of files and of paths
};

// Of a number; both ends are finite.
struct Range {
  Range(double low, double high) : minimum(low), maximum(high) {}
  double minimum;
  double maximum;
  bool exclusive_minimum = false;
  bool required = false;

  // "must be at least 1"; empty when the value is within. `value` may be no number, or infinite.
  std::string problem(double value) const;
};

// Products of a few such numbers stay far from overflow.
constexpr double kMostCounted = 1e15;
constexpr double kMostMeasured = 1e30;

inline Rule required() { return {.required = true}; }
inline Rule one_of(std::vector<std::string> names) { return {.allowed = std::move(names)}; }
inline Rule precisions() { return one_of({"fp32", "bf16-mixed", "bf16-pure"}); }
inline Rule devices() { return one_of({"cpu", "cuda"}); }
// Letters, digits, '_' and, not at the front, '-'.
inline Rule word() { return {.word = true}; }
inline Range between(double low, double high) { return {low, high}; }
inline Range at_least(double low) { return {low, kMostCounted}; }
inline Range positive() {
  Range range(0, kMostMeasured);
  range.exclusive_minimum = true;
  return range;
}
inline Rule operator+(Rule rule, const Rule& more) {
  rule.required |= more.required;
  rule.word |= more.word;
  if (rule.allowed.empty()) rule.allowed = more.allowed;
  return rule;
}
inline Range operator+(Range range, const Rule& more) {
  range.required |= more.required;
  return range;
}

// What is wrong with a text beyond its type: "expected one of a, b (did you mean 'a'?)"; empty when
// nothing is.
std::string problem_of(const std::string& text, const Rule& rule);

}  // namespace repro::config
