#pragma once
// The room for the line that FAILED holds, kept from the start of a job: a disk that is full by
// then can still say why the job ended.

#include <filesystem>
#include <string>

#include "run/run_directory.hpp"

namespace repro::run {

class LastWords {
 public:
  // Takes a page of the disk. Error when there is none.
  explicit LastWords(const RunDirectory& directory);
  ~LastWords();  // gives it back
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

  // Leaves FAILED with this one line, of which it keeps a page; once. Error when even that fails.
  void say(const std::string& one_line);

 private:
  std::filesystem::path failed_;
  std::filesystem::path page_;
  int descriptor_ = -1;
};

}  // namespace repro::run
