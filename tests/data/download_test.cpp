#include "data/sources/download.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/hash.hpp"
#include "data/http_server.hpp"
#include "data/sources/fetch.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::download;

namespace {

const data::DownloadOptions kOnce = {.tries = 1, .pause_seconds = 0, .stall_seconds = 10};
const data::DownloadOptions kThrice = {.tries = 3, .pause_seconds = 0.01, .stall_seconds = 10};

std::string some_bytes(size_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  return bytes;
}

void ignore_progress(double, double) {}

data::FetchedFile fetch_address(const std::string& address, const std::string& sha256,
                                const fs::path& folder) {
  config::CorpusSource source;
  source.kind = "url";
  source.name = address;
  source.sha256 = sha256;
  return data::fetch(source, "web", folder,
                     [](std::string_view, double, double, std::string_view) {});
}

}  // namespace

TEST_CASE("a download arrives whole and tells how far it is", "[data]") {
  TemporaryDirectory folder;
  const std::string body = some_bytes(300'000);
  HttpServer server({.body = body});
  double last_done = 0;
  double last_total = 0;
  download(server.address("a.bin"), folder.path() / "a.bin", 0, [&](double done, double total) {
    last_done = done;
    last_total = total;
  });
  CHECK((read_file(folder.path() / "a.bin") == body));
  CHECK_FALSE(fs::exists(folder.path() / "a.bin.part"));
  CHECK(last_done == 300'000);
  CHECK(last_total == 300'000);
}

TEST_CASE("a download cut short goes on where it stopped", "[data]") {
  TemporaryDirectory folder;
  const std::string body = some_bytes(300'000);
  const fs::path path = folder.path() / "a.bin";
  HttpServer server({.body = body, .cut_first_answer = 100'000});

  SECTION("in the next call") {
    CHECK_THROWS_WITH(download(server.address("a.bin"), path, 0, ignore_progress, kOnce),
                      Catch::Contains("cannot download"));
    CHECK_FALSE(fs::exists(path));
    CHECK(fs::file_size(folder.path() / "a.bin.part") == 100'000);
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
  }
  SECTION("in the next try of the same call") {
    download(server.address("a.bin"), path, 0, ignore_progress, kThrice);
  }
  CHECK((read_file(path) == body));
  CHECK(server.range_begins() == std::vector<size_t>{0, 100'000});
}

TEST_CASE("a download cut short begins anew where nothing tells whether the file is the same",
          "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.bin";
  const std::string body = some_bytes(300'000);
  HttpServer server({.body = body, .cut_first_answer = 100'000, .tag = ""});
  SECTION("in the next call") {
    CHECK_THROWS(download(server.address("a.bin"), path, 0, ignore_progress, kOnce));
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
  }
  SECTION("in the next try of the same call") {
    download(server.address("a.bin"), path, 0, ignore_progress, kThrice);
  }
  CHECK((read_file(path) == body));
  CHECK(server.range_begins() == std::vector<size_t>{0, 0});
}

TEST_CASE("a server that ignores ranges or changed its file costs a fresh start, not a mixture",
          "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.bin";
  const std::string body = some_bytes(50'000);
  // What was begun carries the tag of its file.
  write_file_atomically(folder.path() / "a.bin.part.tag", "\"1\"");
  SECTION("ranges ignored") {
    HttpServer server({.body = body, .ranges = false});
    write_file_atomically(folder.path() / "a.bin.part", std::string(20'000, 'o'));
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
    CHECK((read_file(path) == body));
  }
  SECTION("the part is longer than the file") {
    HttpServer server({.body = body});
    write_file_atomically(folder.path() / "a.bin.part", std::string(60'000, 'o'));
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
    CHECK((read_file(path) == body));
    CHECK(server.range_begins() == std::vector<size_t>{60'000, 0});
  }
  SECTION("another file under the same address") {
    HttpServer server({.body = body, .tag = "\"2\""});
    write_file_atomically(folder.path() / "a.bin.part", std::string(20'000, 'o'));
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
    CHECK((read_file(path) == body));
    CHECK(server.range_begins() == std::vector<size_t>{20'000, 0});
  }
  SECTION("a file of which the server says nothing") {
    HttpServer server({.body = body});
    fs::remove(folder.path() / "a.bin.part.tag");
    write_file_atomically(folder.path() / "a.bin.part", std::string(20'000, 'o'));
    download(server.address("a.bin"), path, 0, ignore_progress, kOnce);
    CHECK((read_file(path) == body));
    CHECK(server.range_begins() == std::vector<size_t>{0});
  }
  CHECK_FALSE(fs::exists(folder.path() / "a.bin.part.tag"));
}

TEST_CASE("a server that lies about length, range or place is an error, never a file", "[data]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.bin";
  const auto refusal_of = [&](const std::string& raw, int64_t expected = 0) -> std::string {
    HttpServer server({.body = "", .raw = raw});
    try {
      download(server.address("a.bin"), path, expected, ignore_progress, kOnce);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto begun = [&](const std::string& bytes) {
    write_file_atomically(folder.path() / "a.bin.part", bytes);
    write_file_atomically(folder.path() / "a.bin.part.tag", "\"1\"");
  };
  CHECK_THAT(refusal_of("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
             Catch::Contains("cannot download"));
  CHECK_THAT(refusal_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"),
             Catch::Contains("cannot download"));
  CHECK_THAT(refusal_of("HTTP/1.0 200 OK\r\n\r\nas long as it is"),
             Catch::Contains("does not say how long the file is") && Catch::Contains("sha256"));
  CHECK_THAT(refusal_of("HTTP/1.0 200 OK\r\n\r\nas long as it is", 100),
             Catch::Contains("16 bytes arrived, expected 100"));
  CHECK_THAT(refusal_of("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/10\r\nContent-Length: "
                        "5\r\n\r\n56789"),
             Catch::Contains("a part where the whole was asked for"));
  begun("01234");
  CHECK_THAT(refusal_of("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-9/20\r\nContent-Length: "
                        "5\r\n\r\n56789"),
             Catch::Contains("where the rest from byte 5 was asked for"));
  begun("01234");
  CHECK(refusal_of("HTTP/1.1 206 OK\r\nContent-Range: bytes 7-9/10\r\nContent-Length: "
                   "3\r\n\r\n789") != "accepted");
  CHECK_THAT(refusal_of("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: "
                        "0\r\n\r\n"),
             Catch::Contains("cannot download"));
  CHECK_THAT(refusal_of("HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "
                        "/a.bin\r\nContent-Length: 0\r\n\r\n"),
             Catch::Contains("redirects"));
  CHECK_THAT(refusal_of("\x1b[2J nonsense"), Catch::Contains("cannot download"));
  CHECK_FALSE(fs::exists(path));
  // The same bytes are a file where their length is known.
  CHECK(refusal_of("HTTP/1.0 200 OK\r\n\r\nas long as it is", 16) == "accepted");
}

TEST_CASE("a server that says nothing is given up, and one that never ends as well", "[data]") {
  TemporaryDirectory folder;
  HttpServer silent({.body = "", .silent = true});
  CHECK_THROWS_WITH(download(silent.address("a"), folder.path() / "a", 0, ignore_progress,
                             {.tries = 1, .pause_seconds = 0, .stall_seconds = 1}),
                    Catch::Contains("cannot download"));
  HttpServer endless({.body = std::string(300'000, 'x')});
  CHECK_THROWS_WITH(download(endless.address("b"), folder.path() / "b", 0, ignore_progress,
                             {.tries = 1, .limits = {.member_bytes = 100'000}}),
                    Catch::Contains("the limit member_bytes is 100000"));
  CHECK_THROWS_WITH(download(endless.address("c"), folder.path() / "c", 0, ignore_progress,
                             {.tries = 1, .limits = {.free_bytes = int64_t{1} << 62}}),
                    Catch::Contains("free_bytes"));
  CHECK_FALSE(fs::exists(folder.path() / "b"));
  CHECK_FALSE(fs::exists(folder.path() / "c"));
}

TEST_CASE("a busy server is asked again and a missing file is not", "[data]") {
  TemporaryDirectory folder;
  HttpServer busy({.body = "body", .failures = 2});
  download(busy.address("a"), folder.path() / "a", 0, ignore_progress, kThrice);
  CHECK(read_file(folder.path() / "a") == "body");
  CHECK(busy.range_begins().size() == 3);

  HttpServer missing({.body = "", .status = 404});
  CHECK_THROWS_WITH(
      download(missing.address("b"), folder.path() / "b", 0, ignore_progress, kThrice),
      Catch::Contains("/b: cannot download") && Catch::Contains("404"));
  CHECK(missing.range_begins().size() == 1);
  CHECK_FALSE(fs::exists(folder.path() / "b"));
}

TEST_CASE("an address nobody answers is an error that names it", "[data]") {
  TemporaryDirectory folder;
  std::string address;
  {
    HttpServer gone({.body = "x"});
    address = gone.address("a");
  }
  CHECK_THROWS_WITH(download(address, folder.path() / "a", 0, ignore_progress, kOnce),
                    Catch::Contains(address) && Catch::Contains("cannot download"));
  CHECK_THROWS_WITH(download("file:///etc/passwd", folder.path() / "a", 0, ignore_progress, kOnce),
                    Catch::Contains("cannot download"));
}

TEST_CASE("a full disk stops a download and keeps what has arrived", "[data]") {
  TemporaryDirectory folder;
  HttpServer server({.body = some_bytes(300'000)});
  struct rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_WITH(download(server.address("a"), folder.path() / "a", 0, ignore_progress, kThrice),
                    Catch::Contains("cannot write"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(fs::file_size(folder.path() / "a.part") == 100'000);
  download(server.address("a"), folder.path() / "a", 0, ignore_progress, kThrice);
  CHECK((read_file(folder.path() / "a") == some_bytes(300'000)));
}

TEST_CASE("what the progress callback throws stops the download and passes through", "[data]") {
  TemporaryDirectory folder;
  HttpServer server({.body = some_bytes(300'000)});
  CHECK_THROWS_WITH(download(server.address("a"), folder.path() / "a", 0,
                             [](double done, double) {
                               if (done > 0) throw Error(Exit::interrupted, "stop");
                             }),
                    Catch::Equals("stop"));
  CHECK_FALSE(fs::exists(folder.path() / "a"));
}

TEST_CASE("an address is fetched once, and again when its file is damaged", "[data]") {
  TemporaryDirectory folder;
  const std::string body = some_bytes(10'000);
  HttpServer server({.body = body});
  const std::string address = server.address("set.jsonl.gz");
  const data::FetchedFile first = fetch_address(address, sha256_hex(body), folder.path());
  CHECK(first.sha256 == sha256_hex(body));
  CHECK(first.bytes == 10'000);
  fetch_address(address, sha256_hex(body), folder.path());
  CHECK(server.range_begins().size() == 1);

  write_file_atomically(first.path, std::string(10'000, 'x'));
  const data::FetchedFile again = fetch_address(address, sha256_hex(body), folder.path());
  CHECK((read_file(again.path) == body));
  CHECK(server.range_begins().size() == 2);
}

TEST_CASE("a download with another checksum is refused and removed", "[data]") {
  TemporaryDirectory folder;
  HttpServer server({.body = "not what was promised"});
  const std::string address = server.address("a");
  CHECK_THROWS_WITH(fetch_address(address, std::string(64, '0'), folder.path()),
                    Catch::Contains("SHA-256 is " + sha256_hex("not what was promised")) &&
                        Catch::Contains("expected 0000"));
  for (const auto& entry : fs::directory_iterator(folder.path()))
    CHECK(entry.path().extension() == ".lock");
}
