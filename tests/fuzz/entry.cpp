#include <cstdint>

#include "target.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // The address sanitizer sees what malloc gave, and Arrow's own pools take pages past it.
  ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  repro::fuzz::read({reinterpret_cast<const char*>(data), size});
  return 0;
}
