#include "report/written.hpp"

#include <map>
#include <string>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace repro::report {
namespace {

constexpr size_t kDigits = 64;  // of a SHA-256; two blanks and the name follow

// Name -> SHA-256 of the list that stands there. A line that is none of ours names no file.
std::map<std::string, std::string> read_list(const fs::path& list) {
  std::map<std::string, std::string> sums;
  if (!fs::exists(list)) return sums;
  for (const std::string& line : split(read_file(list), '\n')) {
    if (line.size() <= kDigits + 2) continue;
    const std::string name = line.substr(kDigits + 2);
    if (name.find('/') == std::string::npos && name != "..") sums[name] = line.substr(0, kDigits);
  }
  return sums;
}

}  // namespace

void keep_list(const fs::path& folder, const std::string& what,
               const std::vector<fs::path>& files) {
  const fs::path place = folder / (what + ".sha256");
  std::map<std::string, std::string> now;
  for (const fs::path& file : files) now[file.filename().string()] = sha256_hex_of_file(file);
  for (const auto& [name, sum] : read_list(place)) {
    const fs::path file = folder / name;
    if (!now.contains(name) && fs::is_regular_file(file) && sha256_hex_of_file(file) == sum)
      fs::remove(file);
  }
  std::string list;
  for (const auto& [name, sum] : now) list += sum + "  " + name + "\n";
  write_file_atomically(place, list);
}

}  // namespace repro::report
