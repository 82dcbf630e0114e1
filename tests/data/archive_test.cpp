#include "data/formats/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::for_each_member;
using data::Input;
using data::MemberFilter;

namespace {

struct Entry {
  std::string name;
  std::string content;
  std::string symlink = "";
  std::string hardlink = "";
};

using Setup = int (*)(archive*);

// An archive of any format and compression, however hostile its names.
void write_archive(const fs::path& path, Setup format, Setup compression,
                   const std::vector<Entry>& entries) {
  archive* out = archive_write_new();
  format(out);
  compression(out);
  REQUIRE(archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  for (const Entry& item : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.name.c_str());
    archive_entry_set_filetype(entry, item.symlink.empty() ? AE_IFREG : AE_IFLNK);
    archive_entry_set_perm(entry, 0644);
    if (!item.symlink.empty()) archive_entry_set_symlink(entry, item.symlink.c_str());
    if (!item.hardlink.empty()) archive_entry_set_hardlink(entry, item.hardlink.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(item.content.size()));
    archive_write_header(out, entry);
    archive_write_data(out, item.content.data(), item.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
}

std::map<std::string, std::string> members_of(const fs::path& path, const MemberFilter& filter) {
  std::map<std::string, std::string> members;
  for_each_member(path, filter, [&](const std::string& name, Input& content) {
    members[name] = data::read_all(content);
  });
  return members;
}

std::string refusal(const fs::path& path) {
  try {
    members_of(path, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("globs cross folders only with two stars", "[data]") {
  CHECK(data::matches_glob("a/*.html", "a/b.html"));
  CHECK_FALSE(data::matches_glob("a/*.html", "a/b/c.html"));
  CHECK(data::matches_glob("a/**/*.html", "a/c.html"));
  CHECK(data::matches_glob("a/**/*.html", "a/b/c.html"));
  CHECK(data::matches_glob("a/**/*.html", "a/b/b/c.html"));
  CHECK_FALSE(data::matches_glob("a/**/*.html", "ab/c.html"));
  CHECK(data::matches_glob("**/genindex*", "x/y/genindex-A.html"));
  CHECK_FALSE(data::matches_glob("**/genindex*", "x/genindex/a.html"));
  CHECK(data::matches_glob("**/_s/**", "x/_s/a/b"));
  CHECK(data::matches_glob("?.t", "a.t"));
  CHECK_FALSE(data::matches_glob("?.t", "/.t"));
  CHECK_FALSE(data::matches_glob("a", "ab"));
}

TEST_CASE("members stream out of tar and zip whatever they are compressed with", "[data]") {
  TemporaryDirectory folder;
  const std::string large(3'000'000, 'x');
  const std::vector<Entry> entries = {{"./d/a.txt", "alpha"}, {"d/b.bin", large}, {"c.txt", ""}};
  const auto [format, compression] = GENERATE(
      std::pair<Setup, Setup>{archive_write_set_format_pax, archive_write_add_filter_none},
      std::pair<Setup, Setup>{archive_write_set_format_ustar, archive_write_add_filter_xz},
      std::pair<Setup, Setup>{archive_write_set_format_ustar, archive_write_add_filter_zstd},
      std::pair<Setup, Setup>{archive_write_set_format_ustar, archive_write_add_filter_gzip},
      std::pair<Setup, Setup>{archive_write_set_format_ustar, archive_write_add_filter_bzip2},
      std::pair<Setup, Setup>{archive_write_set_format_zip, archive_write_add_filter_none});
  const fs::path path = folder.path() / "any.name";
  write_archive(path, format, compression, entries);
  const auto all = members_of(path, {});
  REQUIRE(all.size() == 3);
  CHECK(all.at("d/a.txt") == "alpha");
  CHECK(all.at("d/b.bin") == large);
  CHECK(members_of(path, {.include = {"**/*.txt"}, .exclude = {"c*"}}).size() == 1);
}

TEST_CASE("the members of a Debian package are those of its data archive", "[data]") {
  TemporaryDirectory folder;
  const fs::path inner = folder.path() / "data.tar.xz";
  write_archive(inner, archive_write_set_format_ustar, archive_write_add_filter_xz,
                {{"./usr/share/doc/a.html", "<p>hello"}});
  const fs::path package = folder.path() / "a.deb";
  write_archive(package, archive_write_set_format_ar_svr4, archive_write_add_filter_none,
                {{"debian-binary", "2.0\n"}, {"data.tar.xz", read_file(inner)}});
  CHECK(members_of(package, {}) ==
        std::map<std::string, std::string>{{"usr/share/doc/a.html", "<p>hello"}});

  write_archive(package, archive_write_set_format_ar_svr4, archive_write_add_filter_none,
                {{"debian-binary", "2.0\n"}});
  CHECK_THAT(refusal(package), Catch::Contains("it has no data.tar"));

  const std::string cut = read_file(inner).substr(0, 60);
  write_archive(package, archive_write_set_format_ar_svr4, archive_write_add_filter_none,
                {{"debian-binary", "2.0\n"}, {"data.tar.xz", cut}});
  CHECK_THAT(refusal(package), Catch::Contains("data.tar.xz: the xz stream is cut short"));
}

TEST_CASE("an archive whose members would leave the folder is refused", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "evil.tar";
  const auto refusal_of = [&](const Entry& entry) {
    write_archive(path, archive_write_set_format_pax, archive_write_add_filter_none,
                  {{"good", "x"}, entry});
    return refusal(path);
  };
  CHECK_THAT(refusal_of({"../outside", "x"}), Catch::Contains("member '../outside' would leave"));
  CHECK_THAT(refusal_of({"a/../../outside", "x"}), Catch::Contains("would leave"));
  CHECK_THAT(refusal_of({"/etc/outside", "x"}), Catch::Contains("would leave"));
  CHECK_THAT(refusal_of({"a/link", "", "../../outside"}), Catch::Contains("is a link to"));
  CHECK_THAT(refusal_of({"link", "", "/etc/passwd"}),
             Catch::Contains("is a link to '/etc/passwd'"));
  CHECK_THAT(refusal_of({"link", "", "", "../outside"}), Catch::Contains("is a link to"));
  CHECK(refusal_of({"a/link", "", "../good"}) == "accepted");
  CHECK(members_of(path, {}).size() == 1);
  CHECK_FALSE(fs::exists(folder.path().parent_path() / "outside"));
}

TEST_CASE("extraction writes the wanted members below its folder and nothing else", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.whl";
  write_archive(path, archive_write_set_format_zip, archive_write_add_filter_none,
                {{"p/weights", "1234"}, {"p/other", "x"}});
  data::extract_members(path, {.include = {"p/weights"}, .exclude = {}}, folder.path() / "out");
  CHECK(read_file(folder.path() / "out/p/weights") == "1234");
  CHECK_FALSE(fs::exists(folder.path() / "out/p/other"));
  CHECK_THROWS_WITH(
      data::extract_members(path, {.include = {"p/absent"}, .exclude = {}}, folder.path() / "out"),
      Catch::Contains("holds no member 'p/absent'"));
}

TEST_CASE("what is no archive is an error, not an empty one", "[data]") {
  TemporaryDirectory folder;
  write_file_atomically(folder.path() / "text", std::string(5000, 't'));
  CHECK_THAT(refusal(folder.path() / "text"), Catch::Contains("damaged or cut short"));
  CHECK_THAT(refusal(folder.path() / "absent"), Catch::Contains("cannot open"));
}
