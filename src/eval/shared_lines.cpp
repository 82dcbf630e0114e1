#include "eval/shared_lines.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace repro::eval {
namespace {

// Below this many tokens saved, a segment of its own costs more than reading them again.
constexpr int64_t kWorthSharing = 16;

// Lines [first, last) that agree in `agreed` tokens, of which the first `start` stand in segments
// already, the last of them `before`.
struct Part {
  size_t first, last;
  int64_t agreed, start, before;
};

class Sharing {
 public:
  explicit Sharing(const std::vector<const Line*>& lines) : lines_(lines) {
    shared_.last.resize(lines.size());
    // A stack of our own: lines of others may part as often as they have tokens.
    open_.push_back({0, lines.size(), 0, 0, -1});
    while (!open_.empty()) {
      const Part part = open_.back();
      open_.pop_back();
      divide(part);
    }
  }

  SharedLines take() { return std::move(shared_); }

 private:
  const Line& line(size_t index) const { return *lines_[index]; }
  int64_t length(size_t index) const { return static_cast<int64_t>(line(index).size()); }

  void divide(Part part) {
    const auto others = static_cast<int64_t>(part.last - part.first) - 1;
    // In their order, what the first and the last have in common all have.
    part.agreed = common_beginning(line(part.first), line(part.last - 1), part.agreed);
    const int64_t saved = (part.agreed - part.start) * others;
    if (others == 0 || saved >= kWorthSharing) add_segment(part);
    if (others == 0) {
      shared_.last[part.first] = part.before;
      return;
    }
    const size_t waiting = open_.size();
    if (length(part.first) == part.agreed) end_line(part);
    for (size_t first = part.first; first < part.last;) {
      const int32_t next = line(first)[static_cast<size_t>(part.agreed)];
      size_t last = first + 1;
      while (last < part.last && line(last)[static_cast<size_t>(part.agreed)] == next) ++last;
      open_.push_back({first, last, part.agreed, part.start, part.before});
      first = last;
    }
    std::reverse(open_.begin() + static_cast<std::ptrdiff_t>(waiting), open_.end());
  }

  // The first line has no more tokens than all agree in.
  void end_line(Part& part) {
    if (part.start == part.agreed)
      shared_.last[part.first] = part.before;
    else
      open_.push_back({part.first, part.first + 1, part.agreed, part.start, part.before});
    ++part.first;
  }

  void add_segment(Part& part) {
    if (part.agreed == part.start) return;
    const Line& from = line(part.first);
    shared_.segments.push_back({.first = static_cast<int64_t>(shared_.tokens.size()),
                                .count = part.agreed - part.start,
                                .start = part.start,
                                .before = part.before});
    shared_.tokens.insert(shared_.tokens.end(), from.begin() + part.start,
                          from.begin() + part.agreed);
    part.start = part.agreed;
    part.before = static_cast<int64_t>(shared_.segments.size()) - 1;
  }

  const std::vector<const Line*>& lines_;
  std::vector<Part> open_;
  SharedLines shared_;
};

}  // namespace

int64_t SharedLines::row(size_t line, int64_t place) const {
  const auto at = [&](int64_t index) { return segments[static_cast<size_t>(index)]; };
  int64_t segment = last[line];
  while (at(segment).start > place) segment = at(segment).before;
  return at(segment).first + place - at(segment).start;
}

int64_t common_beginning(const Line& a, const Line& b, int64_t known) {
  const auto end = static_cast<int64_t>(std::min(a.size(), b.size()));
  while (known < end && a[static_cast<size_t>(known)] == b[static_cast<size_t>(known)]) ++known;
  return known;
}

SharedLines share_beginnings(const std::vector<const Line*>& lines) {
  check(!lines.empty() && !lines.front()->empty(), "lines have tokens");
  return Sharing(lines).take();
}

}  // namespace repro::eval
