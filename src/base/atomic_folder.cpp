#include "base/atomic_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace repro {
namespace {

// A renamed folder survives a power failure only once its parent is on disk.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail_with_system(folder, "open", errno);
  const int code = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0 && code != EINVAL) fail_with_system(folder, "sync", code);
}

// Absolute and without a separator at its end, so that it has a name and a parent.
fs::path plain(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

void remove_leftovers_of(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> leftovers;
  const std::string name = folder.filename().string() + ".tmp";
  for (const auto& entry : fs::directory_iterator(folder.parent_path(), ignored))
    if (entry.path().filename().string().starts_with(name) && is_leftover(entry.path()))
      leftovers.push_back(entry.path());
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, ignored);
}

}  // namespace

AtomicFolder::AtomicFolder(const fs::path& path)
    : path_(plain(path)), filling_(path_.string() + ".tmp" + std::to_string(::getpid())) {
  std::error_code code;
  const fs::file_status status = fs::symlink_status(path_, code);
  if (fs::exists(status) && !(fs::is_directory(status) && fs::is_empty(path_, code)))
    throw Error("{}: holds something already; give a new or an empty folder", path_.string());
  make_directories(path_.parent_path());
  remove_leftovers_of(path_);
  if (::mkdir(filling_.c_str(), 0777) != 0) fail_with_system(filling_, "create", errno);
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(filling_, ignored);
}

void AtomicFolder::commit() {
  sync_folder(filling_);
  if (::rename(filling_.c_str(), path_.c_str()) != 0)
    fail_with_system(path_, "rename into place", errno);
  committed_ = true;
  sync_folder(path_.parent_path());
}

}  // namespace repro
