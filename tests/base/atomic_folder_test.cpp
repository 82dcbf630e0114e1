#include "base/atomic_folder.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a folder appears when it is whole, also in place of an empty one", "[base]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "deep" / "target";
  for (const bool is_there : {false, true}) {
    if (is_there) {
      fs::remove_all(path);
      fs::create_directories(path);
    }
    // A separator at the end names the same folder.
    AtomicFolder filling(path / "");
    write_file_atomically(filling.filling() / "a", "text");
    CHECK(!fs::exists(path / "a"));
    filling.commit();
    CHECK(read_file(path / "a") == "text");
    CHECK(entries(path.parent_path()) == 1);
  }
}

TEST_CASE("a folder that is not committed leaves nothing", "[base]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "target";
  try {
    AtomicFolder filling(path);
    write_file_atomically(filling.filling() / "a", "text");
    throw std::runtime_error("on the way");
  } catch (const std::runtime_error&) {
  }
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("what stands in the place of a folder is left as it is", "[base]") {
  TemporaryDirectory folder;
  fs::create_directories(folder.path() / "full");
  write_file_atomically(folder.path() / "full" / "mine", "1");
  write_file_atomically(folder.path() / "file", "2");
  fs::create_symlink("nowhere", folder.path() / "link");
  for (const char* name : {"full", "file", "link"})
    CHECK_THROWS_WITH(AtomicFolder(folder.path() / name),
                      Catch::EndsWith("holds something already; give a new or an empty folder"));
  CHECK(read_file(folder.path() / "full" / "mine") == "1");
  CHECK(entries(folder.path()) == 3);
}

TEST_CASE("what a killed process left of the same folder goes", "[base]") {
  TemporaryDirectory folder;
  // No process has a number as high as this.
  const fs::path left = folder.path() / "target.tmp999999999";
  const fs::path other = folder.path() / "another.tmp999999999";
  for (const fs::path& each : {left, other}) {
    fs::create_directories(each);
    write_file_atomically(each / "half", "x");
  }
  AtomicFolder(folder.path() / "target").commit();
  CHECK(!fs::exists(left));
  CHECK(fs::exists(other / "half"));
}
