#include "data/tokens/sampler.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "base/random.hpp"
#include "data/even_pieces.hpp"
#include "data/tokens/token_shards_writer.hpp"
#include "temporary_directory.hpp"

using namespace repro;
using data::Sampler;
using data::TokenShards;

namespace {

// A shard whose token at position i is i: a window then says where it was cut.
std::shared_ptr<const TokenShards> counting_shards(const fs::path& folder,
                                                   const std::vector<int64_t>& lengths) {
  data::TokenShardsWriter writer(folder / "t.tokens", even_pieces(60'000), std::string(64, '0'));
  int32_t next = 0;
  for (const int64_t length : lengths) {
    std::vector<int32_t> tokens(static_cast<size_t>(length));
    std::iota(tokens.begin(), tokens.end(), next);
    next += static_cast<int32_t>(length);
    writer.add_document(tokens, length);
  }
  writer.finish();
  return std::make_shared<const TokenShards>(folder / "t.tokens");
}

std::vector<int32_t> batch_of(const Sampler& sampler, int64_t step, int64_t size) {
  std::vector<int32_t> out(static_cast<size_t>(size));
  sampler.batch(step, out);
  return out;
}

// The stream position at which each row of the first `steps` batches begins.
std::vector<int32_t> row_begins(const Sampler& sampler, int64_t steps, int64_t batch,
                                int64_t window) {
  std::vector<int32_t> begins;
  for (int64_t step = 0; step < steps; ++step) {
    const auto tokens = batch_of(sampler, step, batch * window);
    for (int64_t row = 0; row < batch; ++row)
      begins.push_back(tokens[static_cast<size_t>(row * window)]);
  }
  return begins;
}

}  // namespace

TEST_CASE("every window is seen once an epoch and each token is predicted at most once", "[data]") {
  TemporaryDirectory folder;
  const auto shards = counting_shards(folder.path(), {40, 3, 58});  // 101 tokens, T = 4: 25 windows
  const Sampler sampler(shards, {}, 4, 5, 7);
  CHECK(sampler.tokens() == 101);
  CHECK(sampler.windows() == 25);
  CHECK(sampler.steps_per_epoch() == 5);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::multiset<int32_t> predicted;
    for (int64_t step = epoch * 5; step < (epoch + 1) * 5; ++step) {
      const auto tokens = batch_of(sampler, step, 25);
      for (size_t i = 0; i < tokens.size(); ++i)
        if (i % 5 != 0) predicted.insert(tokens[i]);
    }
    CHECK(predicted.size() == 100);
    CHECK(std::set<int32_t>(predicted.begin(), predicted.end()).size() == 100);
    CHECK(*predicted.begin() == 1);
  }
}

TEST_CASE("epochs follow each other inside a batch and each has its own order", "[data]") {
  TemporaryDirectory folder;
  const auto shards = counting_shards(folder.path(), {29});  // T = 4: 7 windows
  const Sampler sampler(shards, {}, 4, 3, 1);
  CHECK(sampler.windows() == 7);
  CHECK(sampler.steps_per_epoch() == 3);
  const auto begins = row_begins(sampler, 7, 3, 5);  // three epochs exactly
  std::vector<std::vector<int32_t>> epochs;
  for (size_t epoch = 0; epoch < 3; ++epoch) {
    epochs.emplace_back(begins.begin() + static_cast<long>(7 * epoch),
                        begins.begin() + static_cast<long>(7 * epoch + 7));
    CHECK(std::set<int32_t>(epochs[epoch].begin(), epochs[epoch].end()).size() == 7);
  }
  CHECK((epochs[0] != epochs[1] || epochs[1] != epochs[2]));
}

TEST_CASE("a batch depends on seed and step only", "[data]") {
  TemporaryDirectory folder;
  const auto shards = counting_shards(folder.path(), {500, 300, 700});
  const Sampler sampler(shards, {0, 2}, 8, 4, 3);
  const auto seventh = batch_of(sampler, 7, 36);
  for (int64_t step = 0; step < 7; ++step) batch_of(sampler, step, 36);
  CHECK(batch_of(sampler, 7, 36) == seventh);
  CHECK(batch_of(Sampler(shards, {0, 2}, 8, 4, 3), 7, 36) == seventh);
  CHECK(batch_of(Sampler(shards, {0, 2}, 8, 4, 4), 7, 36) != seventh);
}

TEST_CASE("windows of chosen documents equal windows of a shard of only those", "[data]") {
  TemporaryDirectory folder;
  std::vector<int64_t> lengths;
  for (uint64_t i = 0; i < 60; ++i) lengths.push_back(1 + static_cast<int64_t>(mix64(i) % 40));
  const auto shards = counting_shards(folder.path(), lengths);
  std::vector<int64_t> chosen;
  std::vector<int32_t> stream;
  for (int64_t document = 0; document < 60; ++document) {
    if (mix64(static_cast<uint64_t>(document) + 99) % 3 != 0) continue;
    chosen.push_back(document);
    for (int64_t i = shards->document_begin(document); i < shards->document_end(document); ++i)
      stream.push_back(static_cast<int32_t>(i));
  }
  const Sampler sampler(shards, chosen, 6, 1, 5);
  REQUIRE(sampler.tokens() == static_cast<int64_t>(stream.size()));
  std::set<long> windows;
  for (int64_t step = 0; step < sampler.windows(); ++step) {
    const auto tokens = batch_of(sampler, step, 7);
    const auto begin = std::find(stream.begin(), stream.end(), tokens[0]);
    CHECK(std::equal(tokens.begin(), tokens.end(), begin));
    CHECK((begin - stream.begin()) % 6 == 0);
    windows.insert(begin - stream.begin());
  }
  CHECK(static_cast<int64_t>(windows.size()) == sampler.windows());
}

TEST_CASE("documents too short for one window are refused", "[data]") {
  TemporaryDirectory folder;
  const auto shards = counting_shards(folder.path(), {3, 4, 100});
  CHECK_NOTHROW(Sampler(shards, {0, 1}, 6, 2, 0));
  CHECK_THROWS_WITH(Sampler(shards, {0, 1}, 7, 2, 0),
                    Catch::Contains("2 documents hold 7 tokens, fewer than one window of 8"));
}
