#pragma once
// Texts that begin alike are read once up to where they part: a tree of segments. A *line* is a
// segment with all that stands before it, from its root on: one text as the model reads it.

#include <cstdint>
#include <vector>

namespace repro::model {

struct Segment {
  int64_t first = 0;    // of its rows, which stand together in the batch
  int64_t count = 0;    // of them
  int64_t start = 0;    // place of its first token in its line
  int64_t before = -1;  // the segment that ends where this one starts, of a lower index; -1: none

  int64_t end() const { return start + count; }  // tokens of its line
};

// From the root to `segment` itself.
std::vector<const Segment*> line_of(const std::vector<Segment>& segments, const Segment& segment);
// Our own bug unless segments are laid out as Segment says and cover `rows` rows, each once.
void check_segments(const std::vector<Segment>& segments, int64_t rows);

}  // namespace repro::model
