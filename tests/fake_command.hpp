#pragma once
// A command of a test's own in front of PATH while the object lives.

#include <cstdlib>
#include <string>

#include "base/file.hpp"

namespace repro {

class FakeCommand {
 public:
  // A shell script of this name in `folder`.
  FakeCommand(const fs::path& folder, const std::string& name, const std::string& script)
      : path_(std::getenv("PATH")) {
    make_directories(folder);
    write_file_atomically(folder / name, "#!/bin/sh\n" + script);
    fs::permissions(folder / name, fs::perms::owner_all);
    ::setenv("PATH", (folder.string() + ":" + path_).c_str(), 1);
  }
  ~FakeCommand() { ::setenv("PATH", path_.c_str(), 1); }
  FakeCommand(const FakeCommand&) = delete;
  FakeCommand& operator=(const FakeCommand&) = delete;

 private:
  std::string path_;
};

}  // namespace repro
