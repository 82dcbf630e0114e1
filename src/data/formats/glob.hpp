#pragma once
// Globs over the names of archive members.

#include <string>
#include <vector>

namespace repro::data {

// `*` and `?` stay inside one path component, `**` crosses them ("usr/share/**/*.html" also matches
// usr/share/a.html).
bool matches_glob(const std::string& glob, const std::string& path);

// Which members are wanted: any of `include` (empty = all) and none of `exclude`.
struct MemberFilter {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool wants(const std::string& member) const;
};

}  // namespace repro::data
