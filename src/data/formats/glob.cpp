#include "data/formats/glob.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace repro::data {
namespace {

// Which rest of `path` the glob from `at` on matches, by place, given the same for its later parts:
// no backtracking, so that no glob takes longer than its length times the path's.
std::vector<char> matching_rests(std::string_view glob, size_t at, std::string_view path,
                                 const std::array<std::vector<char>, 4>& later) {
  const bool folders = glob.substr(at, 3) == "**/";
  const bool deep = glob.substr(at, 2) == "**";
  const std::vector<char>& rest = later[(at + (folders ? 3 : deep ? 2 : 1)) % 4];
  std::vector<char> matches(path.size() + 1, 0);
  size_t slash = path.npos;  // the first from here on
  for (size_t place = path.size() + 1; place-- > 0;) {
    const bool ends = place == path.size();
    if (!ends && path[place] == '/') slash = place;
    const bool here = rest[place];
    if (folders)
      matches[place] = here || (slash != path.npos && matches[slash + 1]);
    else if (glob[at] == '*')
      matches[place] = here || (!ends && (deep || path[place] != '/') && matches[place + 1]);
    else
      matches[place] = !ends && rest[place + 1] &&
                       (glob[at] == '?' ? path[place] != '/' : path[place] == glob[at]);
  }
  return matches;
}

}  // namespace

bool matches_glob(const std::string& glob, const std::string& path) {
  std::array<std::vector<char>, 4> later;  // by place in the glob, modulo its longest sign plus one
  later[glob.size() % 4].assign(path.size() + 1, 0);
  later[glob.size() % 4].back() = 1;
  for (size_t at = glob.size(); at-- > 0;) later[at % 4] = matching_rests(glob, at, path, later);
  return later[0].front() != 0;
}

bool MemberFilter::wants(const std::string& member) const {
  const auto matches = [&](const std::string& glob) { return matches_glob(glob, member); };
  return (include.empty() || std::any_of(include.begin(), include.end(), matches)) &&
         std::none_of(exclude.begin(), exclude.end(), matches);
}

}  // namespace repro::data
