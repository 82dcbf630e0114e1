#include "data/tokens/expression.hpp"

// Its short names are those of other libraries too.
#define ONIG_ESCAPE_UCHAR_COLLISION
#define ONIG_ESCAPE_REGEX_T_COLLISION
#include <oniguruma.h>

#include "base/error.hpp"

namespace repro::data {
namespace {

const OnigUChar* as_onig(const char* text) { return reinterpret_cast<const OnigUChar*>(text); }

std::string onig_message(int code) {
  OnigUChar text[ONIG_MAX_ERROR_MESSAGE_LEN];
  const int length = onig_error_code_to_str(text, code);
  return std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(length));
}

void initialize_engine() {
  static const int done = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    return onig_initialize(encodings, 1);
  }();
  check(done == ONIG_NORMAL, "Oniguruma starts");
}

}  // namespace

struct Expression::State {
  OnigRegex compiled = nullptr;
  OnigRegion* region = nullptr;
  ~State() {
    if (region != nullptr) onig_region_free(region, 1);
    if (compiled != nullptr) onig_free(compiled);
  }
};

Expression::Expression(const std::string& pattern) : state_(std::make_unique<State>()) {
  initialize_engine();
  OnigErrorInfo info;
  const int code =
      onig_new(&state_->compiled, as_onig(pattern.data()), as_onig(pattern.data() + pattern.size()),
               ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
  check(code == ONIG_NORMAL, "an expression of ours is one");
  state_->region = onig_region_new();
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;

bool Expression::find(std::string_view text, size_t from, size_t& begin, size_t& end) const {
  const OnigUChar* first = as_onig(text.data());
  const OnigUChar* last = first + text.size();
  const int code = onig_search(state_->compiled, first, last, first + from, last, state_->region,
                               ONIG_OPTION_NONE);
  if (code == ONIG_MISMATCH) return false;
  if (code < 0)
    throw Error("a text of {} bytes cannot be cut into words: {}", text.size(), onig_message(code));
  begin = static_cast<size_t>(state_->region->beg[0]);
  end = static_cast<size_t>(state_->region->end[0]);
  check(end > begin, "no expression of ours matches nothing");
  return true;
}

}  // namespace repro::data
