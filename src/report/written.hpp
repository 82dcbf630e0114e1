#pragma once
// Which files of a folder this program wrote, so that those of an earlier report do not stay beside
// those of a later one.

#include <filesystem>
#include <string>
#include <vector>

namespace repro::report {

// Writes `folder`/`what`.sha256, a line for each of `files` as sha256sum(1) writes and checks them.
// Removes what the list that stood there before names besides them, if its bytes are still those
// that were written: what somebody else put there or changed stays. `files` lie in `folder`.
void keep_list(const std::filesystem::path& folder, const std::string& what,
               const std::vector<std::filesystem::path>& files);

}  // namespace repro::report
