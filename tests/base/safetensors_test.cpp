#include "base/safetensors.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "temporary_directory.hpp"

using namespace repro;

namespace {

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

// A file with this header and data, whatever they claim.
fs::path write_raw(const fs::path& folder, std::string header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  write_file_atomically(folder / "raw.safetensors", bytes + header + std::string(data_bytes, 'x'));
  return folder / "raw.safetensors";
}

}  // namespace

TEST_CASE("tensors and metadata come back as they were written", "[base]") {
  TemporaryDirectory folder;
  const std::vector<float> weights = {1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> steps = {7};
  const std::vector<SafetensorsTensor> tensors = {
      {"weights", "F32", {2, 3}, bytes_of(weights)},
      {"step", "I64", {}, bytes_of(steps)},
      {"empty", "BF16", {0, 4}, {}},
  };
  const fs::path path = folder.path() / "a.safetensors";
  write_safetensors(path, tensors, {{"format", "pt"}});

  const SafetensorsView view(path);
  CHECK(view.tensors().size() == 3);
  CHECK(view.metadata().at("format") == "pt");
  const SafetensorsTensor& read = view["weights"];
  CHECK(read.dtype == "F32");
  CHECK(read.shape == std::vector<int64_t>{2, 3});
  CHECK(std::memcmp(read.data.data(), weights.data(), 24) == 0);
  CHECK(reinterpret_cast<uintptr_t>(read.data.data()) % 8 == 0);
  CHECK(view["step"].elements() == 1);
  CHECK(view["empty"].data.empty());
  CHECK_THROWS_WITH(view["weight"],
                    Catch::Contains("no tensor 'weight' (did you mean 'weights'?)"));
}

TEST_CASE("writing the same tensors twice gives the same bytes", "[base]") {
  TemporaryDirectory folder;
  const std::vector<float> values = {1, 2};
  const std::vector<SafetensorsTensor> tensors = {{"b", "F32", {2}, bytes_of(values)},
                                                  {"a", "F32", {1, 2}, bytes_of(values)}};
  write_safetensors(folder.path() / "1", tensors);
  write_safetensors(folder.path() / "2", tensors);
  CHECK(read_file(folder.path() / "1") == read_file(folder.path() / "2"));
}

TEST_CASE("a tensor is its pieces in turn, rounded to the type of the file", "[base]") {
  TemporaryDirectory folder;
  const std::vector<float> first = {1, 2, 3}, second = {4, 5, 1 + 0x1.0p-9F};
  const fs::path path = folder.path() / "a.safetensors";
  const auto write = [&](const std::string& dtype) {
    const std::vector<SafetensorsPieces> tensors = {
        {"a", dtype, {2, 3}, "F32", {bytes_of(first), bytes_of(second)}}};
    write_safetensors(path, tensors);
  };
  write("F32");
  {
    const SafetensorsView view(path);
    CHECK(std::memcmp(view["a"].data.data(), first.data(), 12) == 0);
    CHECK(std::memcmp(view["a"].data.data() + 12, second.data(), 12) == 0);
  }
  write("BF16");
  const SafetensorsView view(path);
  CHECK(view["a"].dtype == "BF16");
  const std::vector<uint16_t> expected = {0x3F80, 0x4000, 0x4040, 0x4080, 0x40A0, 0x3F80};
  REQUIRE(view["a"].data.size() == 12);
  CHECK(std::memcmp(view["a"].data.data(), expected.data(), 12) == 0);
}

TEST_CASE("a number too large for the type of the file leaves no file", "[base]") {
  TemporaryDirectory folder;
  const std::vector<float> values = {1, 1e6F};
  const std::vector<SafetensorsPieces> tensors = {{"big", "F16", {2}, "F32", {bytes_of(values)}}};
  CHECK_THROWS_WITH(write_safetensors(folder.path() / "a", tensors),
                    Catch::Contains("tensor 'big' holds a number that is too large for F16"));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a safetensors file cut anywhere is refused", "[base]") {
  TemporaryDirectory folder;
  const std::vector<float> values = {1, 2, 3};
  const std::vector<SafetensorsTensor> tensors = {{"a", "F32", {3}, bytes_of(values)}};
  write_safetensors(folder.path() / "whole", tensors);
  const std::string whole = read_file(folder.path() / "whole");
  for (size_t size = 0; size < whole.size(); ++size) {
    write_file_atomically(folder.path() / "cut", whole.substr(0, size));
    CHECK_THROWS_AS(SafetensorsView(folder.path() / "cut"), Error);
  }
}

TEST_CASE("a header that does not describe its bytes is refused with the reason", "[base]") {
  TemporaryDirectory folder;
  const auto refusal = [&](const std::string& header, size_t data_bytes) -> std::string {
    try {
      SafetensorsView view(write_raw(folder.path(), header, data_bytes));
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto one = [](const std::string& dtype, const std::string& shape,
                      const std::string& offsets) {
    return R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
           offsets + "}}";
  };
  CHECK(refusal(one("F32", "[2]", "[0,8]"), 8) == "accepted");
  CHECK_THAT(refusal("[1]", 0), Catch::Contains("not a JSON object"));
  CHECK_THAT(refusal("{", 0), Catch::Contains("not a JSON object"));
  CHECK_THAT(refusal(one("F33", "[2]", "[0,8]"), 8), Catch::Contains("unknown dtype 'F33'"));
  CHECK_THAT(refusal(one("F32", "[3]", "[0,8]"), 8), Catch::Contains("not those of its shape"));
  CHECK_THAT(refusal(one("F32", "[-2]", "[0,8]"), 8), Catch::Contains("not those of its shape"));
  CHECK_THAT(refusal(one("F32", "[2]", "[0,9]"), 8), Catch::Contains("outside"));
  CHECK_THAT(refusal(one("F32", "[2]", "[8,0]"), 8), Catch::Contains("outside"));
  CHECK_THAT(refusal(one("F32", "[2]", "[4,12]"), 12), Catch::Contains("hole"));
  CHECK_THAT(refusal(one("F32", "[2]", "[0,8]"), 9), Catch::Contains("1 bytes follow"));
  CHECK_THAT(refusal(R"({"a":{"dtype":"F32"}})", 0), Catch::Contains("lacks a proper"));
  CHECK_THAT(refusal(one("F32", "[4294967296,4294967296,2]", "[0,0]"), 0),
             Catch::Contains("not those of its shape"));
}

TEST_CASE("a file that is not committed leaves the old one and no temporary", "[base]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  CHECK(read_file(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  AtomicFile file(path);
  file.write("xxxx long");
  file.overwrite(0, "very");
  file.commit();
  CHECK(read_file(path) == "very long");
}

TEST_CASE("a write the system refuses is an error and leaves the old file", "[base]") {
  TemporaryDirectory folder;
  const fs::path path = folder.path() / "a.safetensors";
  write_file_atomically(path, "old");
  const std::vector<float> values(100'000);
  const std::vector<SafetensorsTensor> tensors = {{"a", "F32", {100'000}, bytes_of(values)}};

  struct rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {10'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_THROWS_WITH(write_safetensors(path, tensors), Catch::Contains("cannot write"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  CHECK(read_file(path) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}
