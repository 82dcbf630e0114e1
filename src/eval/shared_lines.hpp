#pragma once
// Lines of tokens that begin alike, laid out so that what they share stands once: the shots of a
// subject, the context of four endings.

#include <cstdint>
#include <vector>

#include "model/segments.hpp"

namespace repro::eval {

using Line = std::vector<int32_t>;  // of one token or more

struct SharedLines {
  std::vector<int32_t> tokens;           // each segment's after another's
  std::vector<model::Segment> segments;  // over the rows of `tokens`
  std::vector<int64_t> last;             // of each line: the segment it ends in

  // Where the token at `place` of a line stands in `tokens`.
  int64_t row(size_t line, int64_t place) const;
};

// How many tokens two lines have in common at their beginning.
int64_t common_beginning(const Line& a, const Line& b, int64_t known = 0);

// Of lines in lexicographical order, no two alike. A beginning is shared where it saves a few
// tokens at least.
SharedLines share_beginnings(const std::vector<const Line*>& lines);

}  // namespace repro::eval
