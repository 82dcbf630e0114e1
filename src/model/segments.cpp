#include "model/segments.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace repro::model {

std::vector<const Segment*> line_of(const std::vector<Segment>& segments, const Segment& segment) {
  std::vector<const Segment*> line = {&segment};
  while (line.back()->before >= 0)
    line.push_back(&segments[static_cast<size_t>(line.back()->before)]);
  std::reverse(line.begin(), line.end());
  return line;
}

void check_segments(const std::vector<Segment>& segments, int64_t rows) {
  int64_t next = 0;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& s = segments[i];
    check(s.first == next && s.count > 0, "segments cover the rows in their order");
    next += s.count;
    check(s.before < static_cast<int64_t>(i), "a segment stands behind the one before it");
    const int64_t start = s.before < 0 ? 0 : segments[static_cast<size_t>(s.before)].end();
    check(s.start == start, "a segment starts where the one before it ends");
  }
  check(next == rows, "segments cover all rows");
}

}  // namespace repro::model
