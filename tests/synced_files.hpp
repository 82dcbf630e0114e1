#pragma once
// What the program under test brought to the disk: its calls of fsync land here and go on. Included
// by one file of a test program.

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

struct SyncedFile {
  std::string name;  // without its folder and without the number of this process
  off_t bytes = 0;   // that it had then
};
inline std::vector<SyncedFile> synced_files;

extern "C" int fsync(int descriptor) {
  char path[4096] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  if (::readlink(link.c_str(), path, sizeof(path) - 1) > 0) {
    std::string name = path;
    name = name.substr(name.rfind('/') + 1);
    const std::string own = std::to_string(::getpid());
    if (name.ends_with(own)) name.resize(name.size() - own.size());
    struct stat status = {};
    ::fstat(descriptor, &status);
    synced_files.push_back({name, status.st_size});
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

// The names of what was synced since the last call.
inline std::vector<std::string> take_synced() {
  std::vector<std::string> names;
  for (const SyncedFile& file : synced_files) names.push_back(file.name);
  synced_files.clear();
  return names;
}
