#pragma once
// A step allocates and frees the same large buffers as the one before it.

namespace repro::model {

// Tells the C library to keep freed buffers up to 32 MB each for reuse, instead of returning them
// to the system and fetching zeroed pages again every step. Process-wide; no effect where the C
// library is not glibc.
void keep_freed_memory();

}  // namespace repro::model
