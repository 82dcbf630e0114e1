#include "model/memory.hpp"

#include <limits>  // also defines __GLIBC__

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace repro::model {

void keep_freed_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that glibc takes
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace repro::model
