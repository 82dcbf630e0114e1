#pragma once
// A folder that is filled beside its place and appears under its name only when it is whole: a
// failure, an exception or a kill leaves nothing there.

#include <filesystem>

namespace repro {

class AtomicFolder {
 public:
  // Error when something stands at `path` already, but for an empty folder. Removes what killed
  // processes left of the same folder.
  explicit AtomicFolder(const std::filesystem::path& path);
  ~AtomicFolder();  // removes what was not committed
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  // Where its files go until then.
  const std::filesystem::path& filling() const { return filling_; }
  // Brings it to disk under its name; call once, last. Its files are on disk already.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path filling_;
  bool committed_ = false;
};

}  // namespace repro
