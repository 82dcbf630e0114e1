#pragma once
// Regular expressions over UTF-8, by Oniguruma: the engine, and so the reading of \p{L}, \s and
// (?i:...), that the tokenizers library cuts words with.

#include <memory>
#include <string>
#include <string_view>

namespace repro::data {

class Expression {
 public:
  // Of an expression that the program knows, not of one that a file brings; never of one that may
  // match nothing.
  explicit Expression(const std::string& pattern);
  ~Expression();
  Expression(Expression&&) noexcept;

  // The first match that begins at `from` or later: [begin, end). False when there is none. `text`
  // is UTF-8. Error when it takes more than the engine's limit of steps.
  bool find(std::string_view text, size_t from, size_t& begin, size_t& end) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace repro::data
