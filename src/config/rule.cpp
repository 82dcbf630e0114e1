#include "config/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace repro::config {
namespace {

bool is_word(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), plain);
}

}  // namespace

std::string Range::problem(double value) const {
  if (!std::isfinite(value)) return "not a finite number";
  if (value < minimum || (exclusive_minimum && value <= minimum))
    return fmt::format("must be {} {}", exclusive_minimum ? "more than" : "at least", minimum);
  return value > maximum ? fmt::format("must be at most {}", maximum) : "";
}

std::string problem_of(const std::string& text, const Rule& rule) {
  if (rule.word && !is_word(text))
    return "expected letters, digits, '_' and '-', for it is part of files' names";
  const auto& allowed = rule.allowed;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), text) != allowed.end())
    return "";
  return fmt::format("expected one of {}{}", join(allowed, ", "), did_you_mean(text, allowed));
}

}  // namespace repro::config
