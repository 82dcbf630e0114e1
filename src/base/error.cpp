#include "base/error.hpp"

#include <cstdio>
#include <cstdlib>

namespace repro {

void check(bool condition, const char* what, std::source_location where) {
  if (condition) return;
  std::fprintf(stderr, "%s:%u: internal error: %s\n", where.file_name(), where.line(), what);
  std::abort();
}

}  // namespace repro
