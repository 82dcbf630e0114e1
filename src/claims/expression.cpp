#include "claims/expression.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::claims {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_name(char c) {
  return starts_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// A corner that is no number, as nothing times without end, bounds nothing.
Ranged from_corners(double value, std::initializer_list<double> corners) {
  if (std::any_of(corners.begin(), corners.end(), [](double c) { return std::isnan(c); }))
    return {value, -kInfinity, kInfinity};
  const auto [low, high] = std::minmax(corners);
  return {value, std::min(low, value), std::max(high, value)};
}

// `least`: what the function comes to where its range begins, for a range that begins before it.
Ranged monotone(const Ranged& x, double (*function)(double), double least) {
  const double low = function(x.low);
  return {function(x.value), std::isnan(low) ? least : low, function(x.high)};
}

// Of numbers alone: the library's own choose by order between a number and what is none.
double least_of(double x, double y) {
  return std::isnan(x) || std::isnan(y) ? NAN : std::min(x, y);
}
double most_of(double x, double y) { return std::isnan(x) || std::isnan(y) ? NAN : std::max(x, y); }

}  // namespace

// Recursive descent; emits the program in postfix order.
class ExpressionParser {
 public:
  explicit ExpressionParser(Expression& expression) : to_(expression), text_(expression.text_) {}

  void parse() {
    if (text_.size() > kLongest)
      throw Error("a formula of {} characters; at most {}", text_.size(), kLongest);
    sum();
    skip_space();
    if (at_ < text_.size()) fail("unexpected '{}'", text_[at_]);
  }

 private:
  using Op = Expression::Op;
  static constexpr int kDeepest = 100;
  static constexpr size_t kLongest = 4000;

  // One level of what calls itself: brackets, functions, signs.
  class Level {
   public:
    explicit Level(ExpressionParser& parser) : depth_(parser.depth_) {
      if (++depth_ > kDeepest) parser.fail("more than {} levels", kDeepest);
    }
    ~Level() { --depth_; }
    Level(const Level&) = delete;

   private:
    int& depth_;
  };

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error("{} at column {} of '{}'", fmt::format(format, std::forward<Args>(args)...),
                at_ + 1, text_);
  }
  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("expected '{}'", c);
  }
  void emit(Op op) { to_.program_.push_back({.op = op}); }

  void sum() {
    product();
    while (true) {
      if (take('+'))
        product(), emit(Op::add);
      else if (take('-'))
        product(), emit(Op::subtract);
      else
        return;
    }
  }
  void product() {
    unary();
    while (true) {
      if (take('*'))
        unary(), emit(Op::multiply);
      else if (take('/'))
        unary(), emit(Op::divide);
      else
        return;
    }
  }
  void unary() {
    const Level level(*this);
    if (!take('-')) return atom();
    unary();
    emit(Op::negate);
  }
  void atom() {
    if (take('(')) {
      sum();
      return expect(')');
    }
    if (at_ >= text_.size()) fail("a value is missing");
    if (starts_name(text_[at_])) return named();
    number();
  }
  void number() {
    const char* begin = text_.c_str() + at_;
    char* end = nullptr;
    const double value = std::strtod(begin, &end);
    if (end == begin || !std::isfinite(value)) fail("expected a number, a name or '('");
    at_ += static_cast<size_t>(end - begin);
    to_.program_.push_back({.op = Op::number, .number = value});
  }
  std::string name() {
    skip_space();
    const size_t begin = at_;
    while (at_ < text_.size() && (continues_name(text_[at_]) || text_[at_] == '.')) ++at_;
    if (begin == at_) fail("expected a name");
    return text_.substr(begin, at_ - begin);
  }
  void named() {
    const size_t begin = at_;
    const std::string word = name();
    if (!take('(')) return refer({word, Reference::Over::row}, begin, word.size());
    if (const auto over = over_table(word)) {
      const std::string column = name();
      expect(')');
      return refer({column, *over}, begin, at_ - begin);
    }
    call(word);
  }
  static std::optional<Reference::Over> over_table(const std::string& word) {
    if (word == "least") return Reference::Over::least;
    if (word == "greatest") return Reference::Over::greatest;
    return word == "sum" ? std::optional(Reference::Over::sum) : std::nullopt;
  }
  void call(const std::string& function) {
    struct Known {
      const char* name;
      Op op;
      int arguments;
    };
    static constexpr Known kKnown[] = {{"abs", Op::abs, 1}, {"ln", Op::ln, 1},
                                       {"exp", Op::exp, 1}, {"sqrt", Op::sqrt, 1},
                                       {"min", Op::min, 2}, {"max", Op::max, 2}};
    for (const Known& known : kKnown) {
      if (function != known.name) continue;
      sum();
      if (known.arguments == 2) expect(','), sum();
      expect(')');
      return emit(known.op);
    }
    fail("unknown function '{}'{}", function,
         did_you_mean(function,
                      {"abs", "ln", "exp", "sqrt", "min", "max", "least", "greatest", "sum"}));
  }
  void refer(Reference reference, size_t begin, size_t length) {
    auto& all = to_.references_;
    const auto found = std::find(all.begin(), all.end(), reference);
    const auto index = static_cast<size_t>(found - all.begin());
    if (found == all.end()) all.push_back(std::move(reference));
    to_.program_.push_back({.op = Op::reference, .reference = index});
    to_.mentions_.push_back({begin, length, index});
  }

  Expression& to_;
  const std::string& text_;
  size_t at_ = 0;
  int depth_ = 0;
};

Expression::Expression(std::string text) : text_(std::move(text)) {
  ExpressionParser(*this).parse();
}

bool Expression::is_single_name() const {
  return program_.size() == 1 && program_[0].op == Op::reference;
}

Ranged Expression::apply(Op op, const Ranged& x) {
  switch (op) {
    case Op::negate:
      return {-x.value, -x.high, -x.low};
    case Op::abs:
      if (x.low < 0 && x.high > 0) return {std::abs(x.value), 0, std::max(-x.low, x.high)};
      return from_corners(std::abs(x.value), {std::abs(x.low), std::abs(x.high)});
    case Op::ln:
      return monotone(
          x, [](double v) { return std::log(v); }, -kInfinity);
    case Op::exp:
      return monotone(
          x, [](double v) { return std::exp(v); }, 0);
    default:
      return monotone(
          x, [](double v) { return std::sqrt(v); }, 0);
  }
}

Ranged Expression::apply(Op op, const Ranged& x, const Ranged& y) {
  switch (op) {
    case Op::add:
      return {x.value + y.value, x.low + y.low, x.high + y.high};
    case Op::subtract:
      return {x.value - y.value, x.low - y.high, x.high - y.low};
    case Op::multiply:
      return from_corners(x.value * y.value,
                          {x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high});
    case Op::divide:
      // A divisor that may be zero bounds nothing.
      if (y.low <= 0 && y.high >= 0) return {x.value / y.value, -kInfinity, kInfinity};
      return from_corners(x.value / y.value,
                          {x.low / y.low, x.low / y.high, x.high / y.low, x.high / y.high});
    case Op::min:
      return {least_of(x.value, y.value), least_of(x.low, y.low), least_of(x.high, y.high)};
    default:
      return {most_of(x.value, y.value), most_of(x.low, y.low), most_of(x.high, y.high)};
  }
}

std::optional<Ranged> Expression::evaluate(std::span<const std::optional<Ranged>> values) const {
  check(values.size() == references_.size(), "one value for each name of an expression");
  std::vector<Ranged> stack;
  stack.reserve(program_.size());
  for (const Step& step : program_) {
    if (step.op == Op::number) {
      stack.push_back(exactly(step.number));
    } else if (step.op == Op::reference) {
      if (!values[step.reference]) return std::nullopt;
      stack.push_back(*values[step.reference]);
    } else if (step.op == Op::negate || (step.op >= Op::abs && step.op <= Op::sqrt)) {
      stack.back() = apply(step.op, stack.back());
    } else {
      const Ranged right = stack.back();
      stack.pop_back();
      stack.back() = apply(step.op, stack.back(), right);
    }
  }
  if (!std::isfinite(stack.back().value)) return std::nullopt;
  return stack.back();
}

std::vector<std::string> Expression::postfix() const {
  static constexpr const char* kNames[] = {"",    "",   "neg", "+",    "-",   "*",  "/",
                                           "abs", "ln", "exp", "sqrt", "min", "max"};
  std::vector<std::string> tokens;
  for (const Step& step : program_) {
    if (step.op == Op::number)
      tokens.push_back(fmt::format("{}", step.number));
    else if (step.op == Op::reference)
      tokens.push_back(fmt::format("${}", step.reference));
    else
      tokens.emplace_back(kNames[static_cast<size_t>(step.op)]);
  }
  return tokens;
}

std::string Expression::substitute(std::span<const std::string> printed) const {
  check(printed.size() == references_.size(), "one text for each name of an expression");
  std::string result;
  size_t from = 0;
  for (const Mention& mention : mentions_) {
    result.append(text_, from, mention.begin - from);
    result += printed[mention.reference];
    from = mention.begin + mention.length;
  }
  return result + text_.substr(from);
}

}  // namespace repro::claims
