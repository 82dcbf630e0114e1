#include "launch/site.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

namespace repro::launch {
namespace {

using Catch::Contains;

Site site_of(const TemporaryDirectory& folder, const std::string& text) {
  std::ofstream(folder.path() / "here.toml") << text;
  return load_site(folder.path() / "here.toml", "sites/here.toml");
}

const std::string kCheap = "[[profile]]\nname = \"rtx-4090\"\npartition = \"cheap\"\n";

TEST_CASE("the documented site says what it says of every kind of job", "[launch]") {
  const Site site = load_site(fs::path(REPRO_SOURCE_ROOT) / "docs/site.toml", "docs/site.toml");
  CHECK(site.name == "site");
  CHECK(site.checkpoint_seconds == 120);
  CHECK(site.of({.profile = ""}).partition == "cpu");
  const SiteProfile& cheap = site.of({.profile = "rtx-4090"});
  CHECK(cheap.gpus == 1);
  CHECK(cheap.gpu_type == "rtx4090");
  CHECK(cheap.minutes == 720);
  CHECK(site.of({.profile = "a100-80g"}).account == "lab");
}

TEST_CASE("a profile without an entry is named with the file and what to add", "[launch]") {
  TemporaryDirectory folder;
  const Site site = site_of(folder, kCheap);
  CHECK_THROWS_WITH(site.of({.profile = "rtx-409"}),
                    Contains("sites/here.toml: no [[profile]] named 'rtx-409' (did you mean "
                             "'rtx-4090'?); add one"));
  CHECK_THROWS_WITH(site.of({.profile = ""}),
                    Contains("no [[profile]] named 'any'") && Contains("of no hardware profile"));
}

TEST_CASE("what could not be a name for Slurm is refused at its line", "[launch]") {
  TemporaryDirectory folder;
  for (const char* line : {"account = \"a b\"", "qos = \"--help\"", "constraint = \"a;b\"",
                           "gpus = 1\ngpu_type = \"$(x)\""}) {
    CAPTURE(line);
    CHECK_THROWS_WITH(site_of(folder, kCheap + line),
                      Contains("sites/here.toml:1: ") && Contains("expected letters, digits"));
  }
  CHECK_THROWS_WITH(site_of(folder, kCheap + "gpu_type = \"a100\""),
                    Contains("without a number of gpus"));
  CHECK(site_of(folder, kCheap + "constraint = \"a100&(ib|roce)\"").profiles.size() == 1);
}

TEST_CASE("numbers out of range, unknown keys and second entries are told together", "[launch]") {
  TemporaryDirectory folder;
  CHECK_THROWS_WITH(site_of(folder, "pol_seconds = 3\n" + kCheap + "minutes = -1\nmemory = 3\n"),
                    Contains("pol_seconds") && Contains("poll_seconds") && Contains("minutes") &&
                        Contains("at least 0") && Contains("memory_gib"));
  CHECK_THROWS_WITH(site_of(folder, kCheap + kCheap), Contains("a second entry of profile"));
  CHECK_THROWS_WITH(site_of(folder, "title = \"empty\"\n"), Contains("profile"));
  CHECK_THROWS_WITH(site_of(folder, "worker = \"bin/worker\"\n" + kCheap),
                    Contains("from the root"));
}

TEST_CASE("a time limit that is shorter than the warning before it is refused", "[launch]") {
  TemporaryDirectory folder;
  CHECK_THROWS_WITH(site_of(folder, kCheap + "minutes = 2"),
                    Contains("minutes = 2: a checkpoint is asked for 120 s before the limit"));
  CHECK_NOTHROW(site_of(folder, "checkpoint_seconds = 30\n" + kCheap + "minutes = 2"));
}

// A root with these sites, and no library of the user's.
struct Root {
  TemporaryDirectory folder;
  fs::path sites = folder.path() / "hardware_profiles/sites";
  Root() { make_directories(sites); }
  void add(const std::string& name) { std::ofstream(sites / (name + ".toml")) << kCheap; }
};

TEST_CASE("the only site is taken, one of several must be named, and none says where to write it",
          "[launch]") {
  Root root;
  CHECK_THROWS_WITH(
      find_site(root.folder.path(), ""),
      Contains("copy docs/site.toml to ") && Contains("repro/hardware_profiles/sites/NAME.toml"));
  root.add("here");
  CHECK(find_site(root.folder.path(), "").name == "here");
  root.add("there");
  CHECK_THROWS_WITH(find_site(root.folder.path(), ""), Contains("--site: here, there"));
  CHECK(find_site(root.folder.path(), "there").name == "there");
  CHECK_THROWS_WITH(find_site(root.folder.path(), "thre"), Contains("did you mean 'there'?"));
}

}  // namespace
}  // namespace repro::launch
