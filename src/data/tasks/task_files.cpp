#include "data/tasks/task_files.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/formats/archive.hpp"
#include "data/sources/fetch.hpp"

namespace repro::data {
namespace {

std::vector<fs::path> matching(const fs::path& folder, const std::vector<std::string>& globs,
                               const config::Task& task) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string member = entry.path().lexically_relative(folder).generic_string();
    const bool wanted = std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
      return matches_glob(glob, member);
    });
    if (entry.is_regular_file() && wanted) files.push_back(entry.path());
  }
  if (files.empty())
    throw Error("task '{}': {}: holds no file like '{}'", task.name, folder.string(),
                join(globs, "', '"));
  std::sort(files.begin(), files.end());
  return files;
}

// "SHA-256  member", a line each: what stood in the archive when it was unpacked.
std::string list_of(const std::vector<fs::path>& files, const fs::path& folder) {
  std::string list;
  for (const fs::path& file : files)
    list += sha256_hex_of_file(file) + "  " + file.lexically_relative(folder).string() + "\n";
  return list;
}

// Below the cache by the archive's hash, unpacked anew unless every member is as it was.
fs::path unpacked(const FetchedFile& archive, const std::vector<std::string>& globs,
                  const config::Task& task, const fs::path& cache) {
  const fs::path folder = cache / "tasks" / archive.sha256.substr(0, 16);
  make_directories(folder);
  const FileLock lock = FileLock::acquire(folder.string() + ".lock");
  const fs::path list = folder / (sha256_hex(join(globs, "\n")).substr(0, 16) + ".sha256");
  if (fs::exists(list) && read_file(list) == list_of(matching(folder, globs, task), folder))
    return folder;
  extract_members(archive.path, {.include = globs, .exclude = {}}, folder);
  write_file_atomically(list, list_of(matching(folder, globs, task), folder));
  return folder;
}

}  // namespace

TaskFiles bring_files(const config::Task& task, const std::filesystem::path& cache,
                      const ProgressCallback& progress) {
  progress("fetch", 0, 1, "files");
  const FetchedFile file = fetch(task.source, task.name, cache / "downloads", progress);
  if (task.members.empty()) return {{file.path}, {}};
  std::vector<std::string> globs = task.members;
  globs.insert(globs.end(), task.shots.members.begin(), task.shots.members.end());
  const fs::path folder =
      fs::is_directory(file.path) ? file.path : unpacked(file, globs, task, cache);
  TaskFiles files{.items = matching(folder, task.members, task), .shots = {}};
  if (task.shots.count > 0 && !task.shots.members.empty())
    files.shots = matching(folder, task.shots.members, task);
  return files;
}

}  // namespace repro::data
